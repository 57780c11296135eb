"""A file that is sent in several parts comes back as it was."""

import json
import os
import pathlib
import tempfile

import mlflow
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

parts = []
send = HttpArtifactRepository._upload_part
HttpArtifactRepository._upload_part = staticmethod(lambda *args, **named: (parts.append(1), send(*args, **named))[1])

local = pathlib.Path(tempfile.mkdtemp()) / "large.bin"
local.write_bytes(os.urandom(13 * 2**20))
with mlflow.start_run() as run:
    mlflow.log_artifact(str(local), "sub")
path = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="sub/large.bin")
print(json.dumps({"same": pathlib.Path(path).read_bytes() == local.read_bytes(), "parts": len(parts)}))
