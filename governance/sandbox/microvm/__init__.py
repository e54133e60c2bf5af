"""A kernel of its own for each tenant: QEMU outside, the hardened containers inside.

`tier` says whether it is there and makes it so, `MicroVms.of` gives a tenant's VM, and a VM's `url` is the
address of the engine inside, for `ContainerEngine.connect`. `runtime` proves an engine's VM runtime instead.
`guest`, `link` and `frames` also run inside.
"""
