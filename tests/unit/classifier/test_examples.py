"""Files of examples as people have them, and which of their texts are one complaint sent again."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from deploy.learning.examples import Example, UnreadableFileError, groups, read_examples, write_examples

PLAIN = 'label,text,id\n环卫,"垃圾成堆，\n有异味",1\n,没有类别,2\n噪声,,3\n噪声,"他说""太吵""了，电话13800000000",4\n'
ROWS = (Example("垃圾成堆,\n有异味", "环卫"), Example('他说"太吵"了,电话138****0000', "噪声"))


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace("\n", "\r\n").encode("gb18030"),
        gzip.compress(PLAIN.encode("utf-8-sig")),
    ],
    ids=["utf-8", "with a mark", "gb18030", "gzipped"],
)
def test_a_file_is_read_in_whatever_form_it_comes(tmp_path: Path, content: bytes) -> None:
    """Columns in any order, line breaks and quotes in cells; rows without text or label are counted; persons masked."""
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    read = read_examples(path)
    assert (read.rows, read.skipped) == (ROWS, 2)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"message,category\na,b\n", "no column text and no column label"),
        (b"", "no column text"),
        (b"\xff\xfe\x00\x81", "neither UTF-8 nor GB 18030"),
        (gzip.compress(PLAIN.encode())[:-9], "cannot be read"),
    ],
    ids=["other columns", "empty", "no text", "cut off"],
)
def test_a_file_that_holds_no_examples_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    """With what is missing."""
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=sentence):
        read_examples(path)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """What `export` writes is what `train` reads."""
    path = tmp_path / "answers.csv"
    path.write_text(write_examples(ROWS), encoding="utf-8")
    assert read_examples(path).rows == ROWS


LONG = "解放中路社区三单元楼道里长期堆放旧家具和纸箱，影响老人通行，多次向物业反映没有人来处理，请到现场看看"


@pytest.mark.parametrize(
    "again", [LONG, LONG + "，谢谢", "第二次反映！" + LONG, LONG.replace("，", " ").replace("三单元", "三 单元")]
)
def test_a_complaint_sent_again_is_in_one_group_with_the_first(again: str) -> None:
    """Word for word, with something added before or behind, with other marks."""
    first, other, second = groups([LONG, "路灯不亮", again])
    assert first == second != other


def test_short_texts_are_the_same_only_as_a_whole() -> None:
    """路灯不亮 and 路灯不亮了 may be two lamps."""
    assert len(set(groups(["路灯不亮", "路灯不亮了", "路灯不亮。"]))) == 2
