"""How a model is stored: a line of JSON and plain arrays, bounded and checked before anything is believed.

No pickle: reading one runs whatever its writer put in, and a model is data that may come from another machine.

```
offset  bytes
0       8     "GWMODEL1"
8       32    SHA-256 of everything that follows
40      4     length n of the head, little-endian
44      n     head, JSON: {"labels": [...], "features": f, "sharpness": s}
44+n    ...   keys f*8 (uint64, rising), rarity f*4 (float32), scale k*4 (float32), bias k*4 (float32),
              weights f*k*2 (int16, a row for each feature), all little-endian; k is the number of labels
```
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.classifier.model import Model

MAGIC = b"GWMODEL1"
MAX_BYTES = 8 * 1024 * 1024
"""Half of what the database takes as one document, and what a service may have to hold for each of its districts."""

MAX_LABELS = 1_000
_HEAD = 44
_MAX_HEAD = 256 * 1024
_MAX_LABEL = 200


class BadModelError(ValueError):
    """The bytes are no model; the message says why."""


def encode(model: Model) -> bytes:
    """Return a model as bytes.

    Raises:
        BadModelError: it would be too large to be read again.
    """
    features = len(model.keys)
    said = {"labels": model.labels, "features": features, "sharpness": model.sharpness}
    head = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    arrays = (model.keys, model.rarity, model.scale, model.bias, model.weights)
    kinds = ("<u8", "<f4", "<f4", "<f4", "<i2")
    parts = [np.ascontiguousarray(array, kind).tobytes() for array, kind in zip(arrays, kinds, strict=True)]
    content = b"".join([len(head).to_bytes(4, "little"), head, *parts])
    whole = MAGIC + sha256(content).digest() + content
    if len(whole) > MAX_BYTES:
        raise BadModelError(f"the model has {len(whole):,} bytes; up to {MAX_BYTES:,} are taken")
    return whole


def decode(whole: bytes) -> Model:
    """Return the model that bytes hold.

    Raises:
        BadModelError: they are damaged, of another version, or hold what no model holds.
    """
    if len(whole) > MAX_BYTES:
        raise BadModelError(f"it has {len(whole):,} bytes; up to {MAX_BYTES:,} are taken")
    if not whole.startswith(MAGIC) or len(whole) < _HEAD:
        raise BadModelError("it does not begin as a model of this version does")
    if sha256(whole[40:]).digest() != whole[8:40]:
        raise BadModelError("its checksum is wrong: it was damaged after it was written")
    length = int.from_bytes(whole[40:_HEAD], "little")
    if length > min(_MAX_HEAD, len(whole) - _HEAD):
        raise BadModelError("its head is longer than a head may be")
    labels, features, sharpness = _head(whole[_HEAD : _HEAD + length])
    return _checked(_arrays(whole[_HEAD + length :], labels, features), labels, sharpness)


def _head(text: bytes) -> tuple[tuple[str, ...], int, float]:
    try:
        said = json.loads(text)
        labels, features, sharpness = tuple(said["labels"]), said["features"], float(said["sharpness"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadModelError("its head is not what a model's head says") from error
    named = all(isinstance(label, str) and 0 < len(label) <= _MAX_LABEL for label in labels)
    if not named or not 2 <= len(set(labels)) == len(labels) <= MAX_LABELS:  # noqa: PLR2004 - one is no choice
        raise BadModelError(f"it has no two to {MAX_LABELS:,} different labels")
    if not isinstance(features, int) or features < 1 or not 0 < sharpness < 1e6:  # noqa: PLR2004 - far from any fit
        raise BadModelError("its head holds numbers that no model has")
    return labels, features, sharpness


def _arrays(content: bytes, labels: tuple[str, ...], features: int) -> list[NDArray[Any]]:
    count = len(labels)
    kinds = [("<u8", features), ("<f4", features), ("<f4", count), ("<f4", count), ("<i2", features * count)]
    wanted = sum(np.dtype(kind).itemsize * number for kind, number in kinds)
    if len(content) != wanted:
        raise BadModelError(f"its arrays have {len(content):,} bytes where {wanted:,} belong")
    found, at = [], 0
    for kind, number in kinds:
        array = np.frombuffer(content, kind, number, at)
        found.append(array.astype(array.dtype.newbyteorder("="), copy=False))
        at += array.nbytes
    return found


def _checked(arrays: list[NDArray[Any]], labels: tuple[str, ...], sharpness: float) -> Model:
    keys, rarity, scale, bias, weights = arrays
    if not (keys[1:] > keys[:-1]).all():
        raise BadModelError("its features are not in rising order")
    if not all(np.isfinite(array).all() for array in (rarity, scale, bias)):
        raise BadModelError("it holds weights that are no numbers")
    return Model(labels, keys, rarity, weights.reshape(len(keys), len(labels)), scale, bias, sharpness)
