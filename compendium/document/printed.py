"""The document for print and for editing: a tagged PDF by typst, and Word files, the same bytes on every machine.

The PDF keeps to PDF/UA-1 and PDF/A-3a. Nothing is taken from the system: the fonts are those of typst and matplotlib.
"""

import io
import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import zip_longest
from pathlib import Path

from compendium.document import blocks as parts
from compendium.document.blocks import Block, element
from compendium.document.source import SourceError

_LOOK, _STYLES = (Path(__file__).with_name(name) for name in ("look.typ", "styles.xml"))
STANDARDS = ["ua-1", "a-3a"]
_COLOURS = 128  # of a picture in a Word file, which needs no more and is a third as large
_WHOLE, _SIGNS = 40, 105  # lines of a table that is kept on one page, and signs in a line of it
_PICTURE_INCHES = 6.3
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def _typst_text(text: str) -> str:
    return re.sub(r"([\\#*_$`@<>\[\]~])", r"\\\1", text)


def typst_picture(file: str, label: str, alt: str) -> Block:
    """Put a figure into the PDF with its alternative text, which pandoc would drop."""
    words = alt.replace("\\", "\\\\").replace('"', '\\"')
    return element("RawInline", "typst", f'image("{file}", alt: "{words}", width: 100%)')


def pdf(blocks: Sequence[Block], results: Path, texts: Mapping[str, str]) -> bytes:
    """Make the PDF; `texts` are what `look.typ` names in capitals."""
    import matplotlib
    import typst

    body = parts.written(_set(blocks), "typst-citations", "--wrap=none").decode()
    body = re.sub(r"^#figure\(\[image\((.*)\)\n?\]", r"#figure(image(\1)", body, flags=re.MULTILINE)
    look = _LOOK.read_text(encoding="utf-8")
    for name, text in texts.items():
        look = re.sub(rf"\b{name}\b", lambda _, text=text: _typst_text(text), look)
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(set(re.findall(r'image\("([^"]+)"', body))):
            (Path(folder) / file).write_bytes((results / file).read_bytes())
        (Path(folder) / "paper.typ").write_text(look + body, encoding="utf-8")
        try:
            return typst.compile(
                Path(folder) / "paper.typ",
                root=folder,
                font_paths=[Path(matplotlib.get_data_path()) / "fonts" / "ttf"],
                ignore_system_fonts=True,
                pdf_standards=STANDARDS,
                timestamp=0,
            )
        except typst.TypstError as error:
            raise SourceError(f"typst: {error.message} {' '.join(error.hints)} {error.diagnostic[:500]}") from error


def _set(blocks: Sequence[Block]) -> list[Block]:
    """Set notes small, keep short tables and their notes on one page, and figures before what follows them."""
    made: list[Block] = []
    whole = False
    for block, after in zip_longest(blocks, blocks[1:]):
        if block["t"] == "Table" and _lines(block) <= _WHOLE:
            whole = parts.are_notes(after)
            made += [_raw("#block(breakable: false, width: 100%)["), block] + [_raw("]")] * (not whole)
        elif parts.are_notes(block):
            made += [_raw("#notes["), *block["c"][1], _raw("]]" if whole else "]")]
            whole = False
        else:
            begins = block["t"] == "Header" and block["c"][0] == 1
            made += [_raw("#place.flush()")] * begins + [block]
    return made


def _raw(text: str) -> Block:
    return element("RawBlock", "typst", text)


def _lines(table: Block) -> int:
    """Estimate how many lines a table takes, from its texts and the widths of its columns."""
    widths = [width.get("c", 1 / len(table["c"][2])) for _, width in table["c"][2]]
    needed = 0
    for _, _, heads, body in table["c"][4]:
        for _, cells in (*heads, *body):
            shares = widths if len(cells) == len(widths) else [1.0]
            pairs = zip(cells, shares, strict=False)
            needed += max(-(-len(parts.plain(cell[4])) // max(int(share * _SIGNS), 1)) for cell, share in pairs)
    return needed


def _smaller(picture: Path) -> bytes:
    """Write a picture with a palette, so that a Word file stays small."""
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(picture) as image:
        dots = image.info.get("dpi", (300, 300))
        palette = {"method": Image.Quantize.FASTOCTREE, "dither": Image.Dither.NONE}
        image.convert("RGB").quantize(_COLOURS, **palette).save(buffer, "png", dpi=dots)
    return buffer.getvalue()


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_FOOTER = (
    f'<w:ftr xmlns:w="{_WORD}"><w:p><w:pPr><w:jc w:val="center"/></w:pPr>'
    '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p></w:ftr>'
)
_PAGE = {  # A4 with the number of the page at its foot: what replaces what in the file that pandoc brings along
    "word/document.xml": {
        "<w:sectPr.*</w:sectPr>": f'<w:sectPr><w:footerReference xmlns:r="{_RELATION}" w:type="default" r:id="rId99"/>'
        '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1361" w:right="1304" w:bottom="1361" w:left="1304" '
        'w:header="709" w:footer="709" w:gutter="0"/></w:sectPr>'
    },
    "word/_rels/document.xml.rels": {
        "</Relationships>": f'<Relationship Id="rId99" Type="{_RELATION}/footer" Target="footer1.xml"/></Relationships>'
    },
    "[Content_Types].xml": {"</Types>": f'<Override PartName="/word/footer1.xml" ContentType="{_OFFICE}"/></Types>'},
}


@cache
def _reference() -> bytes:
    """Make the file whose styles the Word files take, of the one that pandoc brings along."""
    given = io.BytesIO(parts.pandoc(b"", "--print-default-data-file", "reference.docx"))
    made = io.BytesIO()
    with zipfile.ZipFile(given) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            text = old.read(item)
            if item.filename == "word/styles.xml":
                text = _styled(text.decode()).encode()
            for sign, addition in _PAGE.get(item.filename, {}).items():
                text = re.sub(sign, lambda _, addition=addition: addition, text.decode(), flags=re.DOTALL).encode()
            new.writestr(zipfile.ZipInfo(item.filename, _EARLIEST), text)
        new.writestr(zipfile.ZipInfo("word/footer1.xml", _EARLIEST), _FOOTER)
    return made.getvalue()


def _styled(styles: str) -> str:
    """Put the styles of `styles.xml` in the place of those of the same name, and set the type."""
    for style in re.findall(r"<w:style .*?</w:style>", _STYLES.read_text(encoding="utf-8"), re.DOTALL):
        name = re.search(r'w:styleId="(\w+)"', style)[1]
        old = rf'<w:style [^>]*w:styleId="{name}">.*?</w:style>'
        styles, found = re.subn(old, lambda _, style=style: style, styles, count=1, flags=re.DOTALL)
        styles = styles if found else styles.replace("</w:styles>", f"{style}</w:styles>")
    face = '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman"/>'
    styles = re.sub(r"<w:rFonts[^>]*Theme[^>]*/>", face, styles)
    usual = styles.partition("</w:rPrDefault>")[0]
    styles = styles.replace(usual, usual.replace('w:val="24"', 'w:val="22"'))  # half points
    return styles.replace('w:val="en-US"', 'w:val="en-GB"')


def docx_picture(file: str, label: str, alt: str) -> Block:
    """Put a figure into a Word file as a picture, with its alternative text."""
    width = ["", [], [["width", f"{_PICTURE_INCHES}in"]]]
    return element("Image", width, [element("Str", alt)], [file.replace(".svg", ".png"), ""])


def docx(blocks: Sequence[Block], results: Path, title: str = "") -> bytes:
    """Make a Word file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "reference.docx").write_bytes(_reference())
        for file in {one["c"][2][0] for one in parts.elements(blocks) if one["t"] == "Image"}:
            (folder / file).write_bytes(_smaller(results / file))
        options = [f"--reference-doc={folder / 'reference.docx'}", f"--resource-path={folder}", "-o", "-"]
        return parts.written(blocks, "docx", *options, title=title)
