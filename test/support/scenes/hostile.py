"""Makes blendfiles that do forbidden things on a machine: blender -b --factory-startup -P hostile.py -- FOLDER [NAME...]

Everything that they write, run or delete is in FOLDER/outside. Works on Blender 2.83 to 5.x. FOLDER must be short: a name
that leaves the run folder has 63 bytes.
"""

import os
import sys

import bpy

folder, *wanted = sys.argv[sys.argv.index("--") + 1 :]
outside = os.path.join(folder, "outside")
climb = "../" * 12 + outside[1:]

HAS_FLUIDS = bpy.app.version[:2] != (4, 3)
"""Fluids crash Debian's 4.3."""

files = {}


def file(make):
    files[make.__name__] = make
    return make


@file
def programs():
    """Python that Blender does not block, and a shader that writes. See the slot's `embedded_scripts.py`."""
    scene = fresh()
    scene.render.use_freestyle = True
    styled = scene.view_layers[0]
    styled.use_freestyle = True
    settings = styled.freestyle_settings
    settings.mode = "SCRIPT"
    module = settings.modules.new()
    module.script = text("style.py", "style")
    module.use = True
    scene.keyframe_insert("view_layers[0].freestyle_settings.modules[0].use", frame=1)

    text("a", "name-of-a-line-set")  # the first of all texts
    named = scene.view_layers.new("lines")
    named.use_freestyle = True
    lines = named.freestyle_settings.linesets
    (lines[0] if len(lines) else lines.new("x")).name = quoted()

    material = bpy.data.materials.new("shader")
    material.use_nodes = True
    shader = material.node_tree.nodes.new("ShaderNodeScript")
    shader.bytecode, shader.bytecode_hash = 'code main\n\tfprintf\t$const1 "x"\n', "1"
    bpy.data.objects["Cube"].data.materials.append(material)


@file
def layer():
    """The same through the name of a view layer."""
    scene = fresh()
    scene.render.use_freestyle = True
    scene.view_layers[0].use_freestyle = True
    lines = scene.view_layers[0].freestyle_settings.linesets
    if not len(lines):
        lines.new("x")
    text("a", "name-of-a-view-layer")
    scene.view_layers[0].name = quoted()


@file
def outputs():
    """File Output nodes, some in a group, and with names that are paths."""
    scene = fresh()
    tree = tree_of(scene)
    picture = source(scene, tree)
    up = "a/" + climb
    add_output(tree, picture, "active")
    add_output(tree, picture, "named", name=up + "/name", item="/item")
    add_output(tree, picture, "named", name="x", item=up + "/item")
    add_output(tree, picture, "named", name=outside + "/absolute", item=outside + "/item")
    group = bpy.data.node_groups.new("Group", "CompositorNodeTree")
    if hasattr(group, "interface"):
        group.interface.new_socket("Image", in_out="INPUT", socket_type="NodeSocketColor")
    else:
        group.inputs.new("NodeSocketColor", "Image")
    add_output(group, group.nodes.new("NodeGroupInput").outputs[0], "group")
    grouped = tree.nodes.new("CompositorNodeGroup")
    grouped.node_tree = group
    tree.links.new(picture, grouped.inputs[0])


@file
def strips():
    """The same in scenes that are strips of the active one, one of them linked, with its other data."""
    linked = fresh("Linked")
    linked.render.use_freestyle = True
    layer = linked.view_layers[0]
    layer.use_freestyle = True
    layer.freestyle_settings.mode = "SCRIPT"
    module = layer.freestyle_settings.modules.new()
    module.script, module.use = text("style.py", "linked-style"), True
    tree = tree_of(linked)
    add_output(tree, source(linked, tree), "linked")
    if HAS_FLUIDS:
        fluid(0).cache_directory = os.path.join(outside, "linked-fluid")
    library = save("library")

    scene = fresh()
    shown = bpy.data.scenes.new("Shown")
    configure(shown)
    shown.camera = scene.camera
    shown.collection.objects.link(scene.camera)
    tree = tree_of(shown)
    add_output(tree, source(shown, tree), "shown")
    with bpy.data.libraries.load(library, link=True) as (_, chosen):
        chosen.scenes = ["Linked"]
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    for frame, name in ((1, "Shown"), (2, "Linked")):
        strip = strips.new_scene(name, bpy.data.scenes[name], frame, frame)
        strip.frame_final_duration = 1
    scene.render.use_sequencer = True
    bpy.context.window.scene = scene


@file
def caches():
    """Simulations whose caches are outside, and pictures that Blender keeps."""
    scene = fresh(climb + "/p")
    assert scene.name == climb + "/p", "the folder's path is too long"
    scene.render.use_render_cache = True
    if hasattr(scene.render, "use_save_buffers"):
        scene.render.use_save_buffers = True
    if hasattr(scene.render, "use_auto_generate_texture_cache"):
        scene.render.use_auto_generate_texture_cache = True
        image = bpy.data.images.new("texture", 64, 64)
        image.filepath_raw, image.file_format = os.path.join(outside, "texture.png"), "PNG"
        image.save()
        texture(bpy.data.objects["Cube"], bpy.data.images.load(image.filepath_raw))
    save("caches")  # point caches on disk need a saved file

    external = cube(4).modifiers.new("c", "CLOTH").point_cache
    external.filepath, external.use_external, external.name = outside, True, "external"
    external.use_disk_cache = True
    named = cube(8).modifiers.new("c", "CLOTH").point_cache
    named.use_disk_cache, named.name = True, "CLOTH".ljust(63, "_")
    forged[named.name] = climb + "/c"
    thing = cube(12)
    thing.modifiers.new("p", "PARTICLE_SYSTEM")
    particles = thing.particle_systems[0].point_cache
    particles.use_disk_cache, particles.name = True, "PARTICLES".ljust(63, "_")
    forged[particles.name] = climb + "/q"
    paint = canvas(cube(16)).point_cache
    paint.name = "PAINT".ljust(63, "_")
    forged[paint.name] = climb + "/d"


@file
def linked_caches():
    """The same in a library, whose data Blender hardly lets anybody change."""
    scene = fresh()
    save("library_of_caches")  # point caches on disk need a saved file
    named = cube(4).modifiers.new("c", "CLOTH").point_cache
    named.use_disk_cache, named.name = True, "CLOTH".ljust(63, "_")
    external = cube(8).modifiers.new("c", "CLOTH").point_cache
    external.filepath, external.use_external, external.name = outside, True, "linked"
    external.use_disk_cache = True
    paint = canvas(cube(12)).point_cache
    paint.name = "PAINT".ljust(63, "_")
    forged.update({named.name: climb + "/c", paint.name: climb + "/d"})
    collection = bpy.data.collections.new("Linked")
    scene.collection.children.link(collection)
    for thing in [each for each in bpy.data.objects if each.modifiers]:
        thing.users_collection[0].objects.unlink(thing)
        collection.objects.link(thing)
    library = save("library_of_caches")
    forge(library)

    scene = fresh()
    with bpy.data.libraries.load(library, link=True) as (_, chosen):
        chosen.collections = ["Linked"]
    scene.collection.children.link(bpy.data.collections["Linked"])


@file
def fluids():
    """Fluids that are simulated while the file is opened, into any folder; one is baked by an animation, and one deletes."""
    scene = fresh()
    if not HAS_FLUIDS:
        return
    text("a", "name-of-a-folder")
    fluid(0).cache_directory = os.path.join(outside, "fluid")
    quoted_path = "//x'+exec(__import__('bpy').data.texts['a'].as_string())+'"
    fluid(20).cache_directory = quoted_path
    baking = fluid(40)
    baking.cache_type = "MODULAR"
    baking.cache_directory = os.path.join(outside, "kept")
    baking.is_cache_baking_data = True
    baking.id_data.keyframe_insert('modifiers["f"].domain_settings.is_cache_baking_data', frame=1)
    baking.is_cache_baking_data = False
    deleting = fluid(60)
    deleting.cache_directory = os.path.join(folder, "outdated")
    scene.frame_set(1)
    scene.frame_set(2)
    deleting.time_scale = 2  # the cache no longer fits, and is deleted at frame 1
    bpy.context.view_layer.update()
    deleting.cache_directory = os.path.join(outside, "kept")


@file
def late():
    """Drivers that Blender refuses late: of an object that is only visible in renders, and of another scene."""
    scene = fresh()
    hidden = bpy.data.objects["Cube"]
    hidden.hide_viewport = True
    drive(hidden)
    other = bpy.data.scenes.new("Other")
    configure(other)
    other.camera = scene.camera
    other.collection.objects.link(scene.camera)
    driven = bpy.data.objects.new("Driven", hidden.data)
    other.collection.objects.link(driven)
    drive(driven)
    bpy.context.window.scene = scene


@file
def undecodable():
    """A name that is not UTF-8 makes reading fail. The fluid would be simulated anyway."""
    scene = fresh()
    if HAS_FLUIDS:
        fluid(0).cache_directory = os.path.join(outside, "fluid")
    scene.render.use_freestyle = True
    scene.view_layers[0].name = "UNDECODABLE"
    forged["UNDECODABLE"] = "\udcff\udcfe"


forged = {}
"""Replaces names by invalid ones that Blender would not accept; the names given must be at least as long."""


def fresh(name="Scene"):
    bpy.ops.wm.read_factory_settings(use_empty=False)
    forged.clear()
    scene = bpy.context.scene
    scene.name = name
    configure(scene)
    return scene


def configure(scene):
    scene.render.engine = "CYCLES"
    scene.cycles.use_denoising = False
    scene.cycles.samples = 1
    scene.render.resolution_x, scene.render.resolution_y = 32, 18
    scene.render.resolution_percentage = 100
    scene.render.fps, scene.frame_end = 24, 3


def text(name, mark):
    made = bpy.data.texts.new(name)
    made.write("open(%r, 'w').close()\n" % os.path.join(outside, mark))
    return made


def quoted():
    """A name that ends the string into which Freestyle puts it."""
    return "\\',exec(__import__(\"bpy\").data.texts[0].as_string()))#"


def tree_of(scene):
    if not hasattr(scene, "compositing_node_group"):
        scene.use_nodes = True
        return scene.node_tree
    tree = scene.compositing_node_group = bpy.data.node_groups.new("Tree", "CompositorNodeTree")
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    tree.links.new(source(scene, tree), tree.nodes.new("NodeGroupOutput").inputs[0])
    return tree


def source(scene, tree):
    node = tree.nodes.get("Source") or tree.nodes.new("CompositorNodeRLayers")
    node.name, node.scene = "Source", scene
    return node.outputs[0]


def add_output(tree, picture, place, name="name", item="item"):
    node = tree.nodes.new("CompositorNodeOutputFile")
    path = os.path.join(outside, place)
    if hasattr(node, "directory"):
        node.directory, node.file_name = path, name
        node.format.media_type = "IMAGE"
        node.file_output_items.new("RGBA", item)
    else:
        node.base_path = path
        node.file_slots[0].path = name
    tree.links.new(picture, node.inputs[0])


def texture(thing, image):
    material = bpy.data.materials.new("textured")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    material.node_tree.links.new(node.outputs[0], material.node_tree.nodes["Principled BSDF"].inputs[0])
    thing.data.materials.clear()
    thing.data.materials.append(material)


def cube(place):
    bpy.ops.mesh.primitive_cube_add(location=(place, 0, 0))
    return bpy.context.object


def canvas(thing):
    painted = thing.modifiers.new("d", "DYNAMIC_PAINT")
    painted.ui_type = "CANVAS"
    bpy.ops.dpaint.type_toggle(type="CANVAS")
    return painted.canvas_settings.canvas_surfaces[0]


def fluid(place):
    """A separate domain with its own inflow."""
    thing = cube(place)
    thing.scale = (3, 3, 3)
    domain = thing.modifiers.new("f", "FLUID")
    domain.fluid_type = "DOMAIN"
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.8, location=(place, 0, 0))
    inflow = bpy.context.object.modifiers.new("f", "FLUID")
    inflow.fluid_type = "FLOW"
    inflow.flow_settings.flow_type, inflow.flow_settings.flow_behavior = "SMOKE", "INFLOW"
    settings = domain.domain_settings
    settings.cache_directory = os.path.join(folder, "nowhere")
    settings.domain_type, settings.resolution_max = "GAS", 8
    settings.cache_frame_start, settings.cache_frame_end = 1, 20
    settings.cache_type = "REPLAY"
    return settings


def drive(thing):
    thing.driver_add("location", 2).driver.expression = "__import__('math').sin(frame)"


def save(name):
    path = os.path.join(folder, name + ".blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, relative_remap=False, compress=False)
    return path


def forge(path):
    with open(path, "rb") as stream:
        data = stream.read()
    for known, wish in forged.items():
        old, new = known.encode(), wish.encode("utf-8", "surrogateescape")
        assert old in data and len(new) <= len(old)
        data = data.replace(old, new.ljust(len(old), b"\0"))
    with open(path, "wb") as stream:
        stream.write(data)


def clean():
    """Making the files evaluates them too. Removes everything but the blendfiles and the data they are about."""
    for place, folders, names in os.walk(folder, topdown=False):
        if "/." in place:
            continue  # files that programs keep in a home folder
        for each in names:
            if not each.endswith((".blend", ".png")):
                os.remove(os.path.join(place, each))
        for each in folders:
            if not each.startswith(".") and not os.listdir(os.path.join(place, each)):
                os.rmdir(os.path.join(place, each))
    os.makedirs(os.path.join(outside, "kept/data"), exist_ok=True)
    open(os.path.join(outside, "kept/data/keep"), "w").close()


clean()
for name in wanted or files:
    files[name]()
    forge(save(name))
clean()
sys.stdout.flush()
os._exit(0)  # the fluids of 2.83 would crash on exit
