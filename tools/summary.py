"""Print the summary of `make course`: what was built, scores of the sample class, what to open.

python -m tools.summary _build/sample-class
"""

import os
import sys
from pathlib import Path

from grader.batch.record import Record
from grader.batch.scores import score_table
from grader.course import open_course
from grader.notebooks import parts

sample_class = Path(os.path.relpath(sys.argv[1]))
html = Path("_build/html")
pages = [p for p in html.glob("book/**/*.html")]
exercises = sorted(Path("exercises").glob("*/*.ipynb"))
course = open_course(sample_class)
tables = ""
for part in parts():
    with Record(course, part) as record:
        tables += f"{part}\n{score_table(record)}\n\n"

print(f"""
Pages built: {len(pages)}
Exercises released: {len(exercises)} notebooks
Sample class, points by notebook:

{tables}Open the book:              {html / "index.html"}
Open the exercises:         {exercises[0].parents[1]}/
Open a student's feedback:  {sample_class / "feedback"}/
""")
