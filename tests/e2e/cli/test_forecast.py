"""`tapeline forecast` in a process of its own."""

import pathlib
import subprocess
import sys

from tests import contract_model
from tests.cli.test_forecast import HOURS


def test_it_loads_nothing_of_tfx(tmp_path: pathlib.Path) -> None:
    model, recent = tmp_path / "serving_model", tmp_path / "recent.csv"
    contract_model.save_contract_model(model / "7")
    recent.write_text("\n".join(["time,load", *(f"{time},10.0" for time in HOURS[:10])]) + "\n")
    probe = (
        "import sys; from tapeline.cli import main as cli\n"
        f"assert cli.main(['forecast', '--model', {str(model)!r}, '--input', {str(recent)!r}]) == 0\n"
        "heavy = {'tfx', 'tfx_bsl', 'apache_beam', 'ml_metadata', 'tensorflow_transform'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    root = pathlib.Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, cwd=root)
