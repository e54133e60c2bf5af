"""The governed way to the network: what an allowed call may reach, and nothing else.

`head`, `hello`, `fields`, `link` and what they read are pure; `proxy` decides nothing but the floor beneath all rules
and asks `gate`; `service` gives a call its network, `network` sees that it is one, `prove` that it is shut in.
"""
