"""Answers questions about what DVC itself does, a batch at a time: JSON on standard input, JSON on standard output."""

import json
import sys
from datetime import date, datetime


def value_of(coded):
    """Values are coded as lists, so that JSON keeps apart what Python does."""
    kind, content = coded
    if kind == "int":
        return int(content)
    if kind == "float":
        return float(content)
    if kind == "date":
        return date.fromisoformat(content)
    if kind == "datetime":
        return datetime.fromisoformat(content)
    if kind == "list":
        return [value_of(item) for item in content]
    if kind == "map":
        return {value_of(key): value_of(item) for key, item in content}
    return content


def code_of(value):
    if value is None or isinstance(value, (bool, str)):
        return ["plain", value]
    if isinstance(value, int):
        return ["int", str(value)]
    if isinstance(value, float):
        return ["float", repr(value)]
    if isinstance(value, datetime):
        return ["datetime", value.isoformat(" ")]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, (list, tuple)):
        return ["list", [code_of(item) for item in value]]
    return ["map", [[code_of(key), code_of(item)] for key, item in value.items()]]


def dump(values):
    from dvc.utils.serialize._yaml import dumps_yaml

    return [dumps_yaml(value_of(value)) for value in values]


def load(texts):
    from dvc.utils.serialize._yaml import parse_yaml

    return [code_of(parse_yaml(text, "file")) for text in texts]


def run_cache(entries):
    from copy import deepcopy

    from dvc.stage.cache import _get_cache_hash

    answers = []
    for entry in entries:
        value = value_of(entry)
        answers.append([_get_cache_hash(deepcopy(value), key=True), _get_cache_hash(value)])
    return answers


def directory(listings):
    from dvc_data.hashfile.hash_info import HashInfo
    from dvc_data.hashfile.meta import Meta
    from dvc_data.hashfile.tree import Tree

    answers = []
    for rows in listings:
        tree = Tree()
        for relpath, md5 in rows:
            tree.add(tuple(relpath.split("/")), Meta(), HashInfo("md5", md5))
        tree.digest()
        answers.append([tree.as_bytes().decode("utf-8"), tree.hash_info.value])
    return answers


def floats(numbers):
    return [repr(float(number)) for number in numbers]


def ignored(questions):
    """Each question: a root directory on disk and paths below it, those of directories ending in a slash."""
    import os

    from dvc.fs import localfs
    from dvc.ignore import DvcIgnoreFilter

    answers = []
    for root, paths in questions:
        matcher = DvcIgnoreFilter(localfs, root)
        answers.append(
            [
                matcher.is_ignored_dir(os.path.join(root, path[:-1]))
                if path.endswith("/")
                else matcher.is_ignored_file(os.path.join(root, path))
                for path in paths
            ]
        )
    return answers


def config(texts):
    """Each text as the sections that DVC reads from it, or the error it has."""
    import io

    from configobj import ConfigObj, ConfigObjError

    from dvc.config import _lower_keys, _parse_named

    answers = []
    for text in texts:
        try:
            answers.append(_parse_named(_lower_keys(ConfigObj(io.StringIO(text)).dict())))
        except ConfigObjError:
            answers.append(None)
    return answers


QUESTIONS = {
    "dump": dump,
    "load": load,
    "run-cache": run_cache,
    "directory": directory,
    "floats": floats,
    "ignored": ignored,
    "config": config,
}

json.dump(QUESTIONS[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
