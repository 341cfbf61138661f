"""Where rows come from: files and standard input, read in chunks of bounded size."""
