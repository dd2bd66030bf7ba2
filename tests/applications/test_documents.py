"""Papers are made by a worker: every kind, once, from what the services wrote."""

import os
from pathlib import Path

import pytest

from applications import documents
from applications.enums import DocumentKind, DocumentStatus
from tests import factories
from tests.applications import papers

pytestmark = pytest.mark.usefixtures("directory")


@pytest.mark.parametrize("kind", DocumentKind.values)
def test_render_makes_every_kind(kind: str) -> None:
    user = factories.person(papers.RARE_NAME if kind == DocumentKind.REGISTRATION else "赵明远")

    document = documents.render(papers.make(DocumentKind(kind), user).pk)

    assert (document.status, document.error, document.warning) == (DocumentStatus.READY, "", "")
    assert Path(document.file.path).read_bytes().startswith(b"%PDF-")
    if folder := os.environ.get("PORTAL_PICTURES"):
        (Path(folder) / f"{kind}.pdf").write_bytes(Path(document.file.path).read_bytes())
