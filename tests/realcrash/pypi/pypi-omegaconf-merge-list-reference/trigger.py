from omegaconf import OmegaConf

BASE = {"root": "/srv", "paths": ["${root}/a"], "name": "base"}


def load(*layers):
    return OmegaConf.to_container(OmegaConf.merge(*layers), resolve=True)


def handle(overrides):
    return load(BASE, overrides)["paths"]


print(handle({"root": "/tmp"}))
print(handle({"paths": ["/etc/x"]}))
print(handle({"paths": ["${root}/b", "/etc/x"]}))
