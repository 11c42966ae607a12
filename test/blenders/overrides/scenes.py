"""Scenes for overrides, as an artist may have them and set by hand. Works on Blender 2.83 to 5.x."""

import bpy

EEVEE = "BLENDER_EEVEE_NEXT" if (4, 2) <= bpy.app.version < (5, 0) else "BLENDER_EEVEE"


def base():
    """A turning cube, smooth if it is subdivided, above a plane; two cameras; two view layers, of which one has no plane."""
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 4
    for name in ("use_denoising", "use_adaptive_sampling"):
        if hasattr(scene.cycles, name):
            setattr(scene.cycles, name, False)
    scene.render.resolution_x, scene.render.resolution_y = 40, 32
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.render.use_compositing = False
    scene.frame_start, scene.frame_end = 1, 5
    cube, first = bpy.data.objects["Cube"], bpy.data.objects["Camera"]
    cube.modifiers.new("Smooth", "SUBSURF").render_levels = 3
    bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 0, -1))
    aside = bpy.data.collections.new("Aside")
    scene.collection.children.link(aside)
    plane = bpy.data.objects["Plane"]
    for collection in plane.users_collection:
        collection.objects.unlink(plane)
    aside.objects.link(plane)
    for frame, turn in ((1, 0.0), (5, 1.0)):
        cube.rotation_euler.z = turn
        cube.keyframe_insert("rotation_euler", frame=frame)
    second = bpy.data.objects.new("Second", bpy.data.cameras.new("Second"))
    second.location, second.rotation_euler = (0, -9, 1), (1.5, 0, 0)
    scene.collection.objects.link(second)
    scene.camera = first
    other = scene.view_layers.new("Other")
    other.layer_collection.children["Aside"].exclude = True
    return scene


def key(scene, path, *values):
    """Values at the frames 1 and 5."""
    owner, name = path.rsplit(".", 1)
    for frame, value in zip((1, 5), values):
        setattr(scene.path_resolve(owner), name, value)
        scene.keyframe_insert(path, frame=frame)


def drive(scene, path):
    owner, name = path.rsplit(".", 1)
    driver = scene.path_resolve(owner).driver_add(name).driver
    variable = driver.variables.new()
    variable.targets[0].id_type, variable.targets[0].id = "SCENE", scene
    variable.targets[0].data_path = "render.resolution_x"
    driver.type = "SUM"


def into_track(scene):
    action, scene.animation_data.action = scene.animation_data.action, None
    strip = scene.animation_data.nla_tracks.new().strips.new("track", 1, action)
    if hasattr(strip, "action_slot") and strip.action_slot is None:
        strip.action_slot = action.slots[0]


def layer_paths(scene, name):
    return ['view_layers["%s"].%s' % (layer.name, name) for layer in scene.view_layers]


def own_samples(scene):
    scene.cycles.use_layer_samples = "USE"
    for layer in scene.view_layers:
        layer.samples = 9


def multiplied(scene):
    """As up to 2.93."""
    own_samples(scene)
    if hasattr(scene.cycles, "use_square_samples"):
        scene.cycles.use_square_samples, scene.cycles.progressive = True, "BRANCHED_PATH"


def cut(scene):
    for frame, name in ((1, "Second"), (3, "Camera")):
        scene.timeline_markers.new(name, frame=frame).camera = bpy.data.objects[name]


def denoised(scene, is_on=True):
    if hasattr(scene.cycles, "use_denoising"):
        scene.cycles.use_denoising = is_on
    for layer in scene.view_layers:
        layer.cycles.use_denoising = is_on


def key_denoising(scene, is_on=True):
    for path in ["cycles.use_denoising"] if hasattr(scene.cycles, "use_denoising") else layer_paths(scene, "cycles.use_denoising"):
        key(scene, path, is_on, is_on)


def key_no_denoising(scene):
    key_denoising(scene, False)


def only_other(scene):
    scene.view_layers[0].use = False


def without_other(scene):
    scene.view_layers["Other"].use = False


def key_layers(scene):
    first, other = layer_paths(scene, "use")
    key(scene, first, True, True)
    key(scene, other, False, True)


def sized(scene, width, height, percentage):
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, percentage


def transparent(scene):
    scene.render.film_transparent = True
    scene.render.image_settings.color_mode = "RGBA"


def as_jpeg(scene):
    scene.render.image_settings.file_format = "JPEG"


def as_plain_video(scene):
    image = scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "VIDEO"
    image.file_format = "FFMPEG"


def as_video(scene):
    as_plain_video(scene)
    key(scene, "render.film_transparent", False, False)


def simplified(scene):
    scene.render.use_simplify, scene.render.simplify_subdivision_render = True, 0


def key_simplify(scene):
    key(scene, "render.use_simplify", False, False)
    key(scene, "render.simplify_subdivision_render", 3, 2)


def seeded(scene, seed, is_animated=False):
    scene.cycles.seed, scene.cycles.use_animated_seed = seed, is_animated


def samples(scene, count):
    scene.cycles.samples = count
    scene.eevee.taa_render_samples = count


def limited(scene):
    if hasattr(scene.cycles, "time_limit"):
        scene.cycles.time_limit = 90


def key_limit(scene):
    if hasattr(scene.cycles, "time_limit"):
        key(scene, "cycles.time_limit", 0.0, 2.0)


def threads(scene, count):
    scene.render.threads_mode, scene.render.threads = "FIXED", count


def key_threads(scene):
    threads(scene, 2)
    key(scene, "render.threads", 2, 3)


def key_samples(scene):
    own_samples(scene)
    key(scene, "cycles.samples", 1, 9)
    try:
        key(scene, "eevee.taa_render_samples", 1, 9)
    except TypeError:
        assert bpy.app.version < (4, 3)  # before 4.x, nothing can animate it


def drive_samples(scene):
    drive(scene, "cycles.samples")


def key_seed(scene):
    key(scene, "cycles.seed", 1, 9)


def use(engine):
    def act(scene):
        scene.render.engine = engine

    return act


def everything(scene):
    for act in (key_samples, key_seed, key_layers, key_simplify, key_threads, cut):
        act(scene)
    key(scene, "render.film_transparent", False, False)
    denoised(scene)


def everything_by_hand(scene):
    samples(scene, 3)
    seeded(scene, 7)
    only_other(scene)
    simplified(scene)
    threads(scene, 1)
    sized(scene, 40, 32, 50)
    transparent(scene)
    scene.camera = bpy.data.objects["Second"]


def in_strip(scene):
    """The sequencer shows another scene, with the same objects."""
    other = bpy.data.scenes.new("Strip")
    other.render.engine = "CYCLES"
    other.render.resolution_x, other.render.resolution_y = 40, 32
    for name in ("use_denoising", "use_adaptive_sampling"):
        if hasattr(other.cycles, name):
            setattr(other.cycles, name, False)
    for child in scene.collection.children:
        other.collection.children.link(child)
    for thing in scene.collection.objects:
        other.collection.objects.link(thing)
    other.camera, other.world = scene.camera, scene.world
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_scene(name="Strip", scene=other, channel=1, frame_start=1)
    scene.render.use_sequencer = True
    return other


def key_in_strip(scene):
    other = in_strip(scene)
    key(other, "cycles.samples", 1, 9)
    key(other, "cycles.seed", 1, 9)


def strip_by_hand(scene):
    for each in (scene, in_strip(scene)):
        samples(each, 2)
        seeded(each, 7)


def nothing(scene):
    pass


def in_sequencer(scene):
    """It shows another scene, which Cycles renders."""
    other = bpy.data.scenes.new("Strip")
    other.render.engine = "CYCLES"
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_scene(name="Strip", scene=other, channel=1, frame_start=1)
    scene.render.engine = "BLENDER_WORKBENCH"


def film(scene):
    """Its sequencer shows no scene."""
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    end = {"length": 9} if bpy.app.version >= (5, 0) else {"frame_end": 10}
    strips.new_effect(name="Film", type="COLOR", channel=1, frame_start=1, **end)


def composited(scene):
    """Its compositor shows both view layers."""
    scene.render.use_compositing = True
    if hasattr(scene, "compositing_node_group"):
        scene.compositing_node_group = tree = bpy.data.node_groups.new("Compositor", "CompositorNodeTree")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
    for layer in scene.view_layers:
        node = tree.nodes.new("CompositorNodeRLayers")
        node.scene, node.layer = scene, layer.name


def properties(scene):
    """What overrides change, as the scene has it at its frame."""
    render, cycles = scene.render, scene.cycles
    return {
        "samples": cycles.samples,
        "eevee": scene.eevee.taa_render_samples,
        "seed": [cycles.seed, cycles.use_animated_seed],
        "size": [render.resolution_x, render.resolution_y, render.resolution_percentage],
        "engine": render.engine,
        "camera": scene.camera.name,
        "layers": [layer.name for layer in scene.view_layers if layer.use],
        "transparent": render.film_transparent,
        "denoise": [getattr(cycles, "use_denoising", None)] + [layer.cycles.use_denoising for layer in scene.view_layers],
        "simplify": [render.use_simplify, render.simplify_subdivision_render if render.use_simplify else None],
        "threads": [render.threads_mode, render.threads if render.threads_mode == "FIXED" else None],
        "limit": getattr(cycles, "time_limit", None),
    }
