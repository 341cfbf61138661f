"""HTTP: the server, and a folder for each dialect. Shells: they translate, and call `jobs/service.py`."""
