"""The command line. Only this file's siblings' function bodies import what is heavy, so that `--help` is quick."""
