"""A process that has no models and no rows: stretches of buckets in, scored results out."""

import pickle
import sys

from barograph.config.load import load_job
from barograph.engine.pipeline import score_stage_of
from barograph.results.results import Results

TABLES = ("buckets", "records", "influencers", "bucket_influencers", "quantiles")


def score(document: dict, stretches: list[bytes]) -> dict[str, object]:
    stage = score_stage_of(load_job(document))
    results = Results.concat([stage.score_and_learn(pickle.loads(stretch)) for stretch in stretches])
    return {name: getattr(results, name) for name in TABLES}


if __name__ == "__main__":
    pickle.dump(score(*pickle.load(sys.stdin.buffer)), sys.stdout.buffer)
