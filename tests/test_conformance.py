"""Every installed plugin, of whatever kind and package, passes the conformance kit."""

from cltk.kinds import KINDS
from cltk.registry import installed, load
from cltk.testing import conformance_tests

SHORT = {"epochs": 1, "min_steps": 60}
ONE_NETWORK = {"hidden": [16, 16], "latent_dim": 4, "network": {"steps": 60, "batch_size": 32, "lr": 0.01}}
SMALL = {
    "classifier mlp": {"hidden": [16]},
    "generator vae": {"hidden": [32], "latent_dim": 8},
    "scenario permuted-mnist": {"tasks": 2, "per_class": 20},
    "scenario rotated-mnist": {"tasks": 2, "per_class": 20},
    "scenario split-fashion-mnist": {"per_class": 50},
    "scenario split-kmnist": {"per_class": 50},
    "scenario split-mnist": {"per_class": 50},
    "schedule manual": {"counts": [0, 100, 50]},
    "strategy cumulative": {"classifier": SHORT},
    "strategy der": {"classifier": SHORT},
    "strategy ewc": {"samples": 5, "classifier": SHORT},
    "strategy experience-replay": {"buffer": 20, "classifier": SHORT},
    "strategy expanding": {"training": SHORT},
    "strategy brain-inspired-replay": {**ONE_NETWORK, "gates": 0.3},
    "strategy feedback-replay": ONE_NETWORK,
    "strategy finetune": {"classifier": SHORT},
    "strategy generative-classifier": {"hidden": 16, "samples": 8, "training": {"epochs": 1, "min_steps": 60}},
    "strategy pec": {"teacher": 40, "training": {"epochs": 3, "min_steps": 0, "batch_size": 1}},
    "strategy randumb": {"features": 40, "shrinkage": 0.1},
    "strategy gdumb": {"buffer": 60, "cutmix": 0.5},
    "strategy generative-replay": {"classifier": SHORT, "generator": SHORT},
    "strategy icarl": {"classifier": SHORT},
    "strategy joint": {"classifier": SHORT},
    "strategy lwf": {"classifier": SHORT},
    "strategy si": {"classifier": SHORT},
}
"""Settings that a component needs, or that make it fast to check."""


def _name(word: str) -> str:
    return word.replace("-", "_").replace(":", "_")


for kind in KINDS:
    for plugin in installed(kind):
        component = load(plugin)
        config = SMALL.get(f"{kind} {plugin.name}", {})
        globals()[f"test_{kind}_{_name(plugin.qualified)}"] = conformance_tests(component, config)
