"""An agreement as PDF, with its signatures: the same document as on the page, in a font that has more than Latin letters."""

from collections.abc import Sequence
from pathlib import Path

from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from sla.agreements.document import Document, Row, Section, digest_of

FONTS = Path(__file__).resolve().parent.parent / "fonts" / "dejavu"
# Millimetres on A4, and points of type.
MARGIN, LABEL, LINE = 20, 52, 5
BODY, SMALL, HEADING, TITLE = 9, 7.5, 11.5, 17
# Of one row; a page has room for about twice as many.
MOST_LINES = 22
INK, GREY, RULE = (23, 24, 28), (96, 98, 112), (205, 205, 214)


class _Paper(FPDF):
    """A4 with the title and the page number at the foot of each page."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        self.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
        self.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_title(title)
        self.set_creator("Baton")
        self.running_title = title
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN)
        self.add_page()

    def footer(self) -> None:
        """What a loose page belongs to."""
        self.set_y(-MARGIN + 6)
        self.write_line(f"{self.running_title} · {self.page_no()} / {{nb}}", SMALL, GREY)

    def write_line(
        self, text: str, size: float, colour: tuple[int, int, int] = INK, *, bold: bool = False
    ) -> None:
        """A paragraph over the whole width."""
        self.set_font("DejaVu", "B" if bold else "", size)
        self.set_text_color(*colour)
        height = size * 0.5
        self.multi_cell(0, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def pdf_of(document: Document, standing: str, signatures: Sequence[tuple[str, str, str, str]]) -> bytes:
    """The file. Signatures are side, name, moment and digest, with empty texts where nobody signed; `standing` is draft for a text
    that nobody can sign yet."""
    paper = _Paper(document.title)
    paper.write_line(document.title, TITLE, bold=True)
    if standing == "draft":
        paper.write_line(_("Draft: nobody has signed this, and nothing in it holds."), BODY, GREY)
    for section in document.sections:
        _section(paper, section)
    if standing != "draft":
        _signatures(paper, signatures, digest_of(document))
    return bytes(paper.output())


def _heading(paper: _Paper, text: str) -> None:
    """With room for a few lines, so that none stands alone at the foot of a page."""
    if paper.will_page_break(28):
        paper.add_page()
    else:
        paper.ln(LINE)
    paper.write_line(text, HEADING, bold=True)
    paper.ln(1)


def _section(paper: _Paper, section: Section) -> None:
    _heading(paper, section.title)
    if section.note:
        paper.write_line(section.note, SMALL, GREY)
        paper.ln(1)
    columns = [label for _key, label in section.columns]
    short: list[Row] = []
    for row in section.rows:
        if _fits(row):
            short.append(row)
            continue
        _table(paper, columns, short)
        short = []
        paper.write_line(row.label, BODY, GREY)
        for heading, cell in zip(columns or [""], row.cells, strict=True):
            paper.write_line(f"{heading}: {cell}" if heading else cell, BODY)
        paper.ln(1)
    _table(paper, columns, short)


def _fits(row: Row) -> bool:
    """Whether a row is sure to fit on a page; a table cannot break inside one."""
    narrowest = 24 if len(row.cells) > 1 else 60
    return all(len(cell) / narrowest + cell.count("\n") < MOST_LINES for cell in row.cells)


def _table(paper: _Paper, columns: Sequence[str], rows: Sequence[Row]) -> None:
    if not rows:
        return
    paper.set_font("DejaVu", "", BODY)
    paper.set_text_color(*INK)
    paper.set_draw_color(*RULE)
    rest = (paper.epw - LABEL) / max(1, len(columns))
    widths = (LABEL, *([rest] * max(1, len(columns))))
    grey = FontFace(color=GREY)
    with paper.table(
        col_widths=widths,
        first_row_as_headings=bool(columns),
        headings_style=FontFace(emphasis="BOLD"),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        line_height=LINE,
        text_align="L",
        padding=(0.8, 1.5, 0.8, 0),
        v_align="TOP",
    ) as table:
        if columns:
            table.row(["", *columns])
        for row in rows:
            line = table.row()
            line.cell(row.label, style=grey)
            for cell in row.cells:
                line.cell(cell)


def _signatures(paper: _Paper, signatures: Sequence[tuple[str, str, str, str]], digest: str) -> None:
    if paper.will_page_break(45):
        paper.add_page()
    _heading(paper, _("Signatures"))
    rows = [
        Row(side, _("For %s") % side.lower(), (f"{name}\n{at}" if name else _("not signed"),))
        for side, name, at, _digest in signatures
    ]
    _table(paper, (), rows)
    paper.ln(2)
    paper.write_line(_("Digest of the text (SHA-256)"), SMALL, GREY)
    paper.write_line(digest, SMALL)
