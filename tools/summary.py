"""The end of `make course`: what was built, the sample class's scores, and what to open.

python tools/summary.py _build/sample-class
"""

import os
import sys
from pathlib import Path

from grader.batch.grading import open_course, score_table

ASSIGNMENT = "transformer"

sample_class = Path(os.path.relpath(sys.argv[1]))
html = Path("_build/html")
pages = [p for p in html.glob("book/**/*.html")]
exercises = sorted(Path("exercises").glob("*/*.ipynb"))

print(f"""
Pages built: {len(pages)}
Exercises released: {len(exercises)} notebooks
Sample class, points by notebook:

{score_table(open_course(sample_class), ASSIGNMENT)}

Open the book:              {html / "index.html"}
Open the exercises:         {exercises[0].parent}/
Open a student's feedback:  {sample_class / "feedback"}/
""")
