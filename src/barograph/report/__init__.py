"""What a job has found in one page or picture that needs nothing else: no server, no other file, no program but a reader.

Charts are drawn here, as SVG: a page with Vega in it has 0.9 MB before its first chart, needs its programs to run, and shows
nothing where they may not. These take about 10 kB each, print, and show the same in ten years.
"""
