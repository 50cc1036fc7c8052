"""Generates `protos/gen` (the package `eldercare`) from the contracts, and the descriptor set that
gateway and checks read.

The constraints of `buf.validate` and the annotations of `google.api` are not copied into this
repository: protoc reads the first from the descriptor that ships inside the protovalidate wheel,
the second from the googleapis wheel.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from google.protobuf import descriptor_pb2
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

HERE = Path(__file__).parent
GEN = HERE / "gen"


def main() -> None:
    """Rebuilds the generated package from nothing, so that a removed contract leaves no stale
    module.
    """
    ours = sorted(str(path.relative_to(HERE)) for path in (HERE / "eldercare").rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "validate.binpb"
        borrowed = descriptor_pb2.FileDescriptorSet()
        borrowed.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
        constraints.write_bytes(borrowed.SerializeToString())
        fresh = Path(folder) / "gen"
        fresh.mkdir()
        site = Path(grpc_tools.__file__).parent.parent
        status = protoc.main(
            [
                "protoc",
                f"--descriptor_set_in={constraints}",
                f"-I{HERE}",
                f"-I{site}",
                f"-I{site / 'grpc_tools' / '_proto'}",
                f"--python_out={fresh}",
                f"--mypy_out=quiet:{fresh}",
                f"--plugin=protoc-gen-mypy={Path(sys.executable).parent / 'protoc-gen-mypy'}",
                f"--descriptor_set_out={fresh / 'eldercare.binpb'}",
                "--include_imports",
                "--include_source_info",
                *ours,
                "buf/validate/validate.proto",
            ]
        )
        if status:
            sys.exit(status)
        (fresh / "eldercare" / "__init__.py").write_text(
            '"""Generated from the contracts by `make protos`."""\n'
        )
        shutil.move(fresh / "eldercare.binpb", fresh / "eldercare" / "eldercare.binpb")
        shutil.copy(HERE / "eldercare" / "terms.yaml", fresh / "eldercare")
        shutil.copytree(fresh, GEN, dirs_exist_ok=True)
        for old in sorted(
            path for folder in ("eldercare", "buf") for path in (GEN / folder).rglob("*.py*")
        ):
            if not (fresh / old.relative_to(GEN)).exists() and "__pycache__" not in old.parts:
                old.unlink()  # last, so that programs that begin meanwhile find all they need


if __name__ == "__main__":
    main()
