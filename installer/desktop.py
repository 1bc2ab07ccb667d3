"""What a Linux desktop reads of the program.

The entry in the menu, the kind of a project's file, the page of a software centre. The
`.deb` and the `.run` install the same files.
"""

import time
from xml.sax.saxutils import escape

from installer import product

SCREENSHOTS = {
    "training.png": "The curves of loss and accuracy draw themselves",
    "result.png": "The confusion matrix, and every mistake as a photo",
}
"""Files in `resources/screenshots/`, and what they show."""

_DESKTOP_ENTRY = """\
[Desktop Entry]
Type=Application
Version=1.1
Name={name}
GenericName=Image Classifier Trainer
Comment={summary}
Exec={program} %f
Icon={icon}
Terminal=false
Categories=Science;ArtificialIntelligence;
Keywords=transfer learning;fine-tuning;classification;photos;neural network;keras;
MimeType={kind};
StartupNotify=true
StartupWMClass={command}
"""

_KIND = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- A project is a folder, and to a desktop every folder is one and the same kind of
     thing. What can have a kind of its own is the file project.json in it: it is
     told from other JSON by what it begins with. -->
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{kind}">
    <comment>{name} project</comment>
    <sub-class-of type="application/json"/>
    <icon name="{command}"/>
    <magic priority="90">
      <match type="string" offset="0:{reach}" value="&quot;created&quot;">
        <match type="string" offset="0:{reach}" value="&quot;best&quot;">
          <match type="string" offset="0:{reach}" value="&quot;data&quot;"/>
        </match>
      </match>
    </magic>
  </mime-type>
</mime-info>
"""
_REACH = 256

_METAINFO = """\
<?xml version="1.0" encoding="UTF-8"?>
<component type="desktop-application">
  <id>{app_id}</id>
  <metadata_license>CC0-1.0</metadata_license>
  <project_license>Apache-2.0</project_license>
  <name>{name}</name>
  <developer_name>{name}</developer_name>
  <summary>{summary}</summary>
  <description>
{description}
  </description>
  <launchable type="desktop-id">{command}.desktop</launchable>
  <icon type="stock">{command}</icon>
  <categories>
    <category>Science</category>
  </categories>
{urls}{screenshots}  <provides>
    <binary>{command}</binary>
    <mediatype>{kind}</mediatype>
  </provides>
  <content_rating type="oars-1.1"/>
  <releases>
    <release version="{version}" date="{date}"/>
  </releases>
</component>
"""


def desktop_entry(program: str, icon: str) -> str:
    """The entry in the menu.

    Args:
        program: what is run; a name on the PATH, or an absolute path.
        icon: a name in the icon theme, or an absolute path.
    """
    return _DESKTOP_ENTRY.format(
        name=product.NAME,
        summary=product.SUMMARY,
        program=quoted(program),
        icon=icon,
        kind=product.PROJECT_TYPE,
        command=product.COMMAND,
    )


def quoted(program: str) -> str:
    """A path as the key Exec wants it: quoted where it holds anything unusual.

    Example:
        >>> quoted("/home/a b/tlgui")
        '"/home/a b/tlgui"'
    """
    if all(c.isalnum() or c in "/._-+" for c in program):
        return program
    for char in '\\"`$':
        program = program.replace(char, "\\" + char)
    # The value is a string of the file's own format first: it halves backslashes.
    inside = program.replace("\\", "\\\\").replace("%", "%%")
    return f'"{inside}"'


def project_kind() -> str:
    """The kind of a project's file, for the database of MIME types."""
    return _KIND.format(
        kind=product.PROJECT_TYPE,
        name=product.NAME,
        command=product.COMMAND,
        reach=_REACH,
    )


def metainfo(pictures: str = "", home: str = "") -> str:
    """The page of a software centre.

    Args:
        pictures: the address of the folder with the screenshots, which software
            centres load from the web; "" for none.
        home: the address of the project; "" while it has none.
    """
    told = [f"    <p>{escape(text)}</p>" for text in product.DESCRIPTION]
    return _METAINFO.format(
        app_id=product.APP_ID,
        name=product.NAME,
        summary=product.SUMMARY,
        description="\n".join(told),
        command=product.COMMAND,
        kind=product.PROJECT_TYPE,
        version=product.version(),
        date=time.strftime("%Y-%m-%d", time.gmtime(product.source_date())),
        urls=f'  <url type="homepage">{escape(home)}</url>\n' if home else "",
        screenshots=_screenshots(pictures) if pictures else "",
    )


def _screenshots(pictures: str) -> str:
    shown = []
    for number, (file, caption) in enumerate(SCREENSHOTS.items()):
        kind = ' type="default"' if number == 0 else ""
        shown.append(
            f"    <screenshot{kind}>\n      <caption>{escape(caption)}</caption>\n"
            f"      <image>{escape(pictures)}/{file}</image>\n    </screenshot>\n"
        )
    return f"  <screenshots>\n{''.join(shown)}  </screenshots>\n"
