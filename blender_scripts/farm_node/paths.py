"""The folders of settings and cached files, the same ones that the command line program uses."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Mapping

APP = "renderfarm"


def config_dir(platform: str = sys.platform, env: Mapping[str, str] = os.environ, home: str = "~") -> Path:
    """Folder of the farm key and the node id."""
    if env.get("RENDERFARM_CONFIG_DIR"):
        return Path(env["RENDERFARM_CONFIG_DIR"])
    user = home_folder(home)
    if platform == "darwin":
        return user / "Library" / "Preferences" / APP
    if platform == "win32":
        roaming = env.get("APPDATA") or str(user / "AppData" / "Roaming")
        return Path(roaming) / APP / "Config"
    return _xdg(env, "XDG_CONFIG_HOME", user / ".config")


def cache_dir(platform: str = sys.platform, env: Mapping[str, str] = os.environ, home: str = "~") -> Path:
    """Folder in which a node makes its own folder, for the blob cache and running jobs; see cache_folder.py."""
    if env.get("RENDERFARM_CACHE_DIR"):
        return Path(env["RENDERFARM_CACHE_DIR"])
    user = home_folder(home)
    if platform == "darwin":
        return user / "Library" / "Caches" / APP
    if platform == "win32":
        local = env.get("LOCALAPPDATA") or str(user / "AppData" / "Local")
        return Path(local) / APP / "Cache"
    return _xdg(env, "XDG_CACHE_HOME", user / ".cache")


def home_folder(home: str = "~") -> Path:
    """The home folder; the root folder if the system knows none, as for a user in a container without an entry."""
    path = os.path.expanduser(home)  # leaves the ~ if it knows no home; Path.expanduser raises, in two ways
    return Path(path if os.path.isabs(path) else os.path.abspath(os.sep))


def _xdg(env: Mapping[str, str], name: str, default: Path) -> Path:
    given = env.get(name, "")
    return (Path(given) if given else default) / APP
