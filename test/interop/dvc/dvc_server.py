"""Runs commands of DVC, one for each line of JSON on standard input, without the second that each start of it takes."""

import json
import os
import sys
import tempfile

import dvc.api  # noqa: F401
import dvc.commands.checkout  # noqa: F401
import dvc.commands.repro  # noqa: F401
import dvc.commands.status  # noqa: F401
import dvc.repo  # noqa: F401
import dvc_data.index  # noqa: F401
import networkx  # noqa: F401
from dvc.cli import main, parser


def answer(request):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            code = 70
            try:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                os.chdir(request["cwd"])
                os.environ.update(request["env"])
                code = main(request["args"])
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
        return {"code": status, "stdout": texts[0], "stderr": texts[1]}


parser.get_main_parser()
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
