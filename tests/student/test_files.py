"""What a fork does to the writable folders is undone."""

import os

from autograder.student.files import Snapshot


def tree(folder):
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_everything_is_put_back(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    before = tree(tmp_path)
    snapshot = Snapshot.of([str(tmp_path)])
    (tmp_path / "kept/a.txt").write_text("changed")
    (tmp_path / "b.txt").unlink()
    (tmp_path / "new").mkdir()
    (tmp_path / "new/deep.txt").write_text("secret")
    (tmp_path / "link").symlink_to("/etc")
    snapshot.restore()
    assert tree(tmp_path) == before
    assert os.path.isdir("/etc")


def test_a_file_that_became_a_folder_is_put_back(tmp_path):
    (tmp_path / "a").write_text("a")
    snapshot = Snapshot.of([str(tmp_path)])
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x").write_text("x")
    snapshot.restore()
    assert tree(tmp_path) == {"a": "a"}


def test_nothing_is_followed_out_of_the_folder(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("keep")
    inside = tmp_path / "inside"
    inside.mkdir()
    snapshot = Snapshot.of([str(inside)])
    (inside / "door").symlink_to(outside)
    snapshot.restore()
    assert (outside / "precious.txt").read_text() == "keep"
    assert not list(inside.iterdir())
