"""A job before it is one: files looked at, settings suggested, tried and advised on."""
