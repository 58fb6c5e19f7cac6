"""Answers of scikit-learn for test/oracle/ranking-metrics.test.ts.

Usage: python3 scripts/oracles/ranking_metrics.py > test/oracle/ranking-metrics.json
       npx prettier --write test/oracle/ranking-metrics.json
Needs the Python package scikit-learn; its version is written into the answer.
"""

import json

import numpy
import sklearn
from sklearn.metrics import average_precision_score, roc_auc_score

random = numpy.random.default_rng(0)
cases = []
for rows, rare, digits in [(40, 0.3, 3), (60, 0.1, 1), (25, 0.5, 0), (200, 0.02, 1)]:
    truth = (random.random(rows) < rare).astype(int)
    truth[:2] = [0, 1]
    # Few digits make ties.
    odds = numpy.round(random.normal(size=rows) + truth, digits)
    cases.append(
        {
            "truth": truth.tolist(),
            "odds": odds.tolist(),
            "rocAuc": roc_auc_score(truth, odds),
            "prAuc": average_precision_score(truth, odds),
        }
    )
print(json.dumps({"versions": {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__}, "cases": cases}))
