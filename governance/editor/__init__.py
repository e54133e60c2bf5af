"""What an editor asks of policies while they are written: colours, mistakes, meanings, proposals, places."""
