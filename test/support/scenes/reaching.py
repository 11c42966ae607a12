"""Makes blendfiles whose paths are more than file names: blender -b --factory-startup -P reaching.py -- FOLDER PORT

A local listener on PORT counts connections; FOLDER/secret.txt is a text that no picture may show; reading one of the pipes
in FOLDER blocks for ever. `honest` is built like `network`, but with files. Works on Blender 2.83 to 5.x.
"""

import os
import subprocess
import sys

import bpy

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))

from reaching_parts import (  # noqa: E402
    clip,
    film,
    folder,
    fresh,
    image,
    movie,
    packed,
    picture,
    port,
    save,
    screens,
    configured,
    strips_of,
    tree_of,
    url,
    wanted,
)

secret, pipe = (os.path.join(folder, name) for name in ("secret.txt", "pipe.png"))


def stage(scene, images, named):
    """Strips, two of them scenes: with the images, and with a clip in the compositor. `named` returns a movie's path."""
    rendered = configured(bpy.data.scenes.new("Rendered"))
    screens(rendered, images)
    rendered.world = bpy.data.worlds.new("World")
    rendered.world.use_nodes = True
    environment = rendered.world.node_tree.nodes.new("ShaderNodeTexEnvironment")
    environment.image = image(named("world"))
    rendered.world.node_tree.links.new(environment.outputs[0], rendered.world.node_tree.nodes["Background"].inputs[0])
    rendered.camera.data.show_background_images = True
    behind = rendered.camera.data.background_images.new()
    behind.source, behind.clip = "MOVIE_CLIP", clip(named("behind"))

    composed = configured(bpy.data.scenes.new("Composed"))
    tree, output = tree_of(composed)
    node = tree.nodes.new("CompositorNodeMovieClip")
    node.clip = clip(named("composed"))
    tree.links.new(node.outputs[0], output.inputs[0])
    movie(strips_of(composed), named("unused"), 1)

    strips = strips_of(scene)
    movie(strips, named("movie"), 1)
    if hasattr(strips, "new_meta"):  # since 2.90
        meta = strips.new_meta("meta", 2, 1)
        movie(meta.strips if hasattr(meta, "strips") else meta.sequences, named("meta"), 1)
    strips.new_clip("clip", clip(named("clip")), 3, 1)
    sound = strips.new_sound("sound", os.path.join(folder, "film.mkv"), 4, 1).sound
    sound.filepath = named("sound")
    strips.new_scene("rendered", rendered, 5, 1)
    strips.new_scene("composed", composed, 6, 1)
    pictures = strips.new_image("pictures", os.path.join(folder, "still-1.png"), 7, 1)
    for number in (2, 3):
        pictures.elements.append("still-%d.png" % number)
    for strip in strips:
        strip.blend_type = "ADD" if strip.type != "SOUND" else strip.blend_type
        strip.blend_alpha = 0.3
        strip.frame_final_duration = 3
    scene.render.use_sequencer = True
    bpy.context.window.scene = scene
    return pictures


def network():
    """Addresses, some of them in a library."""
    scene = fresh("Library")
    screens(scene, [image(url + "linked")])
    library = save("library")
    scene = fresh("Scene")
    images = [image(url + "texture"), packed(url + "packed", "MOVIE"), image("hls+" + url + "list.m3u8")]
    images += [image("gopher" + url[4:] + "1x"), image("cache:" + url + "cached"), image("tcp:" + url[5:])]
    pictures = stage(scene, images, lambda name: url + name)
    pictures.directory = url
    painted = bpy.data.textures.new("Texture", "IMAGE")
    painted.image, painted.use_fake_user = image(url + "painted"), True
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.objects = ["Screen"]
    bpy.data.scenes["Rendered"].collection.objects.link(wanted.objects[0])
    save("network")
    bpy.data.libraries[0].filepath = url + "library.blend"
    save("away")


def honest():
    """Movies, a sequence, tiles, a packed picture from an address, and a name with a colon."""
    here = folder + "/"
    scene = fresh("Scene")
    images = [image(here + "film.mkv"), image(here + "still-1.png", "SEQUENCE"), image(here + "tile.<UDIM>.png", "TILED")]
    images += [packed("http://example.org/packed.png", "FILE"), image(here + "a:b.png", "FILE")]
    stage(scene, images, lambda name: here + "film.mkv")
    save("honest")


def texts():
    """The text of a file on screens, by all ways that FFmpeg has; and the scene without it."""
    paths = (secret, "file:" + secret, "subfile,,start,0,end,0,,:" + secret, "cache:" + secret)
    screens(fresh("Scene"), [image(path) for path in paths])
    save("texts")
    screens(fresh("Scene"), [image("") for _ in paths])
    save("blank")


def pipes():
    """Paths that are not regular files, in everything that has a path."""
    scene = fresh("Scene")
    many = os.path.join(folder, "many")
    odd = [image(pipe, "FILE"), image("/dev/zero", "FILE"), image("/proc/self/environ"), image("/dev/stdin", "MOVIE")]
    screens(scene, odd + [image(many + "-1.png", "SEQUENCE"), image(many + ".<UDIM>.png", "TILED")])
    thing = bpy.data.objects["Screen"]
    thing.modifiers.new("cache", "MESH_CACHE").filepath = pipe
    thing.modifiers.new("waves", "OCEAN").filepath = url
    for name, kind, path in (("cloth", "CLOTH", url), ("soft", "SOFT_BODY", os.path.join(folder, "points"))):
        cache = thing.modifiers.new(name, kind).point_cache
        cache.use_external, cache.filepath = True, path
    if bpy.app.version >= (3, 0) and bpy.app.version[:2] != (4, 3):  # fluids crash Debian's other versions
        fluid = thing.modifiers.new("fluid", "FLUID")
        fluid.fluid_type = "DOMAIN"
        fluid.domain_settings.cache_directory = url
    if hasattr(bpy.types.NodesModifier if hasattr(bpy.types, "NodesModifier") else None, "bake_directory"):
        thing.modifiers.new("nodes", "NODES").bake_directory = url
    bpy.data.volumes.new("volume").filepath = pipe
    bpy.data.volumes["volume"].use_fake_user = True
    fonts = os.path.join(bpy.utils.system_resource("DATAFILES"), "fonts")
    font = bpy.data.fonts.load(os.path.join(fonts, min(name for name in os.listdir(fonts) if "sans" in name.lower())))
    font.filepath = pipe
    words = bpy.data.objects.new("Words", bpy.data.curves.new("Words", "FONT"))
    words.data.font, words.data.body = font, "words"
    scene.collection.objects.link(words)
    nodes = bpy.data.materials["Screen"].node_tree
    lamp = nodes.nodes.new("ShaderNodeTexIES")
    lamp.mode, lamp.filepath = "EXTERNAL", pipe
    nodes.links.new(lamp.outputs[0], nodes.nodes["Emission"].inputs["Strength"])
    proxied = clip(os.path.join(folder, "film.mkv"))
    proxied.use_proxy = proxied.use_proxy_custom_directory = True
    proxied.proxy.directory = url
    strip = movie(strips_of(scene), os.path.join(folder, "film.mkv"), 1)
    strip.use_proxy = strip.proxy.use_proxy_custom_file = True
    strip.proxy.filepath = url + "proxy.avi"
    scene.sequence_editor.proxy_dir = url
    scene.render.use_sequencer = False
    save("pipes")


def views():
    """A suffix that turns a name into an address, and addresses that only the image's own views have."""
    left, right = (os.path.join(folder, "one-of-several-views_%s.mkv" % side) for side in "LR")
    for view in (left, right):
        os.link(os.path.join(folder, "film.mkv"), view)
    scene = fresh("Scene")
    scene.render.use_multiview = True
    scene.render.image_settings.views_format = "STEREO_3D"
    stereo = bpy.data.images.load(left)
    stereo.views_format, stereo.use_multiview = "INDIVIDUAL", True
    assert stereo.is_multiview
    screens(scene, [stereo])
    honest_path = save("stereo")
    scene.render.views.new("third").file_suffix = ":" + url[5:] + "view"
    strip = movie(strips_of(scene), os.path.join(folder, "film.mkv"), 1)
    strip.views_format, strip.use_multiview = "INDIVIDUAL", True
    strip.filepath = "http_L.mkv"
    scene.render.use_sequencer = False
    save("suffix")
    with open(honest_path, "rb") as stream:
        data = stream.read()
    known, wish = right.encode(), (url + "hidden").encode()
    assert known in data and len(wish) < len(known)
    with open(os.path.join(folder, "views.blend"), "wb") as stream:
        stream.write(data.replace(known, wish.ljust(len(known), b"\0")))


def files():
    """The files that the others show. Must be first."""
    film("film.mkv")
    fresh("Pictures")
    names = ("packed.png", "a:b.png", "still-1.png", "still-2.png", "still-3.png", "tile.1001.png", "many-1.png")
    for number, name in enumerate(names):
        picture(name, (0.1 * number, 0.5, 0.9 - 0.1 * number))
    with open(secret, "w") as stream:
        stream.write("SECRET 0123456789 SECRET 0123456789\n" * 24)


def traps():
    """Must be last: Blender itself would block on them when the others are made."""
    os.mkdir(os.path.join(folder, "points"))
    for name in ("pipe.png", "many-2.png", "many.1001.png", "points/x_000001_00.bphys"):
        os.mkfifo(os.path.join(folder, name))


def each_by_itself():
    """Old Blenders do not survive all of them in one process."""
    command = [bpy.app.binary_path, "-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"]
    for make in (files, network, honest, texts, pipes, views, traps):
        # In that folder, because Blender makes a fluid's cache folder at once, even if it is an address.
        own = command + ["-P", os.path.abspath(__file__), "--", folder, port, make.__name__]
        subprocess.run(own, check=True, cwd=folder)


for name in wanted:
    globals()[name]()
if not wanted:
    each_by_itself()
sys.stdout.flush()
os._exit(0)  # the fluids would crash on exit
