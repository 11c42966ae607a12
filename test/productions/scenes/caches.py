"""Builds a scene that needs caches and files of many kinds: blender … -P caches.py -- FOLDER/shots/shot.blend CLIP KIND...

Each KIND adds one thing to the scene that shows only with its files, which are beside and above the blendfile. Without a
KIND there are all that this Blender has. The word "absolute" makes all paths absolute. Prints `kinds: …` with those that
it made. Works on Blender 2.83 to 5.x.
"""

import os
import shutil
import struct
import sys

import bpy

blend, clip, *wanted = sys.argv[sys.argv.index("--") + 1 :]
is_absolute = "absolute" in wanted
wanted = [kind for kind in wanted if kind != "absolute"]
project = os.path.dirname(os.path.dirname(blend))
FRAMES = 4
made = []


def at(path):
    whole = os.path.join(project, *path.split("/"))
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    return whole


def stored(path):
    """How the blendfile names it."""
    return at(path) if is_absolute else "//../" + path


def shining(name, *color):
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    emission = nodes.new("ShaderNodeEmission")
    emission.inputs[0].default_value = (*color, 1)
    links.new(emission.outputs[0], nodes["Material Output"].inputs[0])
    return material


def plane(place, size=2.0, divisions=1):
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=divisions, y_subdivisions=divisions, size=size, location=place)
    thing = bpy.context.object
    thing.data.materials.append(shining("shining", 0.9, 0.6, 0.2))
    return thing


def save():
    bpy.ops.wm.save_as_mainfile(filepath=at("shots/shot.blend"), relative_remap=False)


def points_of(thing, frame):
    """Its corners, moved a little in each frame."""
    return [(v.co.x + frame * 0.2, v.co.y * (1 + frame * 0.1), v.co.z) for v in thing.data.vertices]


def mesh_cache(kind, place):
    thing = plane(place)
    count = len(thing.data.vertices)
    with open(at("caches/points.%s" % kind), "wb") as file:
        if kind == "pc2":
            file.write(struct.pack("<12siiffi", b"POINTCACHE2\0", 1, count, 1.0, 1.0, FRAMES))
        else:
            file.write(struct.pack(">ii%df" % FRAMES, FRAMES, count, *[number / 24 for number in range(FRAMES)]))
        for frame in range(FRAMES):
            for point in points_of(thing, frame):
                file.write(struct.pack(("<" if kind == "pc2" else ">") + "3f", *point))
    modifier = thing.modifiers.new("cache", "MESH_CACHE")
    modifier.cache_format = kind.upper()
    modifier.filepath = stored("caches/points.%s" % kind)
    modifier.frame_start = 1


def ies(place):
    with open(at("lights/lamp.ies"), "w") as file:
        file.write("IESNA:LM-63-1995\nTILT=NONE\n1 1000 1 5 1 1 2 0 0 0\n1 1 100\n0 20 40 60 90\n0\n2000 1500 300 50 0\n")
    lamp = bpy.data.lights.new("lamp", "POINT")
    lamp.use_nodes = True
    lamp.energy = 300
    nodes, links = lamp.node_tree.nodes, lamp.node_tree.links
    profile = nodes.new("ShaderNodeTexIES")
    profile.mode, profile.filepath = "EXTERNAL", stored("lights/lamp.ies")
    links.new(profile.outputs[0], nodes["Emission"].inputs[1])
    light = bpy.data.objects.new("lamp", lamp)
    light.location = (place[0], place[1], 1)
    bpy.context.scene.collection.objects.link(light)
    bpy.ops.mesh.primitive_plane_add(size=2, location=place)


def ocean(place):
    """Not baked: Blender writes a cache folder into each ocean all the same, and nobody needs it."""
    thing = plane(place, 1)
    modifier = thing.modifiers.new("ocean", "OCEAN")
    modifier.resolution, modifier.spatial_size, modifier.size = 3, 20, 0.1
    modifier.wave_scale, modifier.choppiness = 4, 1
    modifier.time = 1
    modifier.keyframe_insert("time", frame=1)
    modifier.time = 3
    modifier.keyframe_insert("time", frame=FRAMES)
    modifier.filepath = stored("caches/ocean/")


def cloth(place):
    thing = plane(place, 2, 4)
    thing.rotation_euler = (1.2, 0, 0)
    cache = thing.modifiers.new("cloth", "CLOTH").point_cache
    cache.frame_start, cache.frame_end = 1, FRAMES
    cache.use_disk_cache = True
    cache.name = "sheet"


def require_baked_fluids():
    if bpy.app.version < (2, 90):
        raise RuntimeError("this Blender bakes no fluids in the background")
    if bpy.app.version[:2] == (4, 3):
        raise RuntimeError("Debian's build of this Blender aborts when it evaluates a fluid")


def fluid(place):
    require_baked_fluids()
    bpy.ops.mesh.primitive_cube_add(size=0.5, location=place)
    flow = bpy.context.object
    flow.modifiers.new("flow", "FLUID").fluid_type = "FLOW"
    flow.modifiers["flow"].flow_settings.flow_type = "LIQUID"
    flow.modifiers["flow"].flow_settings.flow_behavior = "GEOMETRY"
    flow.hide_render = True
    bpy.ops.mesh.primitive_cube_add(size=2, location=place)
    box = bpy.context.object
    box.data.materials.append(shining("water", 0.1, 0.3, 0.9))
    box.modifiers.new("domain", "FLUID").fluid_type = "DOMAIN"
    domain = box.modifiers["domain"].domain_settings
    domain.domain_type = "LIQUID"
    domain.resolution_max = 16
    domain.use_mesh = True
    domain.cache_frame_start, domain.cache_frame_end = 1, FRAMES
    domain.cache_type = "ALL"
    domain.cache_directory = at("caches/fluid")
    bpy.context.view_layer.objects.active = box
    save()
    bpy.ops.fluid.bake_all()
    domain.cache_directory = stored("caches/fluid")


def zone(place):
    """A simulation zone moves a plane further in each frame; it is baked into a folder."""
    if bpy.app.version < (4, 3):
        raise RuntimeError("this Blender bakes no single zone in the background")
    thing = plane(place, 1)
    group = bpy.data.node_groups.new("zone", "GeometryNodeTree")
    for in_out in ("INPUT", "OUTPUT"):
        group.interface.new_socket("Geometry", in_out=in_out, socket_type="NodeSocketGeometry")
    nodes, links = group.nodes, group.links
    start, end = nodes.new("NodeGroupInput"), nodes.new("NodeGroupOutput")
    first, last = nodes.new("GeometryNodeSimulationInput"), nodes.new("GeometryNodeSimulationOutput")
    first.pair_with_output(last)
    move = nodes.new("GeometryNodeTransform")
    move.inputs["Translation"].default_value = (0.4, 0.1, 0)
    links.new(start.outputs[0], first.inputs[0])
    links.new(first.outputs["Geometry"], move.inputs["Geometry"])
    links.new(move.outputs["Geometry"], last.inputs["Geometry"])
    links.new(last.outputs["Geometry"], end.inputs[0])
    modifier = thing.modifiers.new("zone", "NODES")
    modifier.node_group = group
    modifier.bake_target = "DISK"
    modifier.bake_directory = at("caches/zone")
    save()
    bake = modifier.bakes[0]
    bpy.ops.object.geometry_node_bake_single(session_uid=thing.session_uid, modifier_name="zone", bake_id=bake.bake_id)
    modifier.bake_directory = stored("caches/zone")


def volume(place):
    """Smoke that a simulation left as a sequence of OpenVDB files."""
    require_baked_fluids()
    if bpy.app.version >= (5, 0):
        raise RuntimeError("Debian's build of this Blender renders no OpenVDB files")
    bpy.ops.mesh.primitive_cube_add(size=0.8, location=place)
    flow = bpy.context.object
    flow.modifiers.new("flow", "FLUID").fluid_type = "FLOW"
    flow.modifiers["flow"].flow_settings.flow_behavior = "INFLOW"
    bpy.ops.mesh.primitive_cube_add(size=2, location=place)
    box = bpy.context.object
    box.modifiers.new("domain", "FLUID").fluid_type = "DOMAIN"
    domain = box.modifiers["domain"].domain_settings
    domain.resolution_max, domain.cache_frame_start, domain.cache_frame_end = 16, 1, FRAMES
    domain.cache_data_format = "OPENVDB"
    domain.cache_type = "ALL"
    domain.cache_directory = at("made")
    bpy.context.view_layer.objects.active = box
    save()
    bpy.ops.fluid.bake_all()
    for thing in (flow, box):
        bpy.data.objects.remove(thing)
    for number in range(1, FRAMES + 1):
        shutil.copy(at("made/data/fluid_data_%04d.vdb" % number), at("smoke/smoke_%04d.vdb" % number))
    shutil.rmtree(at("made"))
    smoke = bpy.data.volumes.new("smoke")
    smoke.filepath, smoke.is_sequence = stored("smoke/smoke_0001.vdb"), True
    smoke.frame_start, smoke.frame_duration = 1, FRAMES
    material = bpy.data.materials.new("smoke")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    shade, out = nodes.new("ShaderNodeVolumePrincipled"), nodes.new("ShaderNodeOutputMaterial")
    shade.inputs["Emission Strength"].default_value = 2
    links.new(shade.outputs[0], out.inputs["Volume"])
    smoke.materials.append(material)
    shown = bpy.data.objects.new("smoke", smoke)
    shown.location, shown.scale = place, (0.2, 0.2, 0.2)
    bpy.context.scene.collection.objects.link(shown)


def multires(place):
    """A plane with hills, which are in a file of their own."""
    thing = plane(place, 2, 2)
    modifier = thing.modifiers.new("multires", "MULTIRES")
    for _ in range(3):
        bpy.ops.object.multires_subdivide(modifier="multires")
    hills = thing.copy()
    hills.data = thing.data.copy()
    bpy.context.scene.collection.objects.link(hills)
    hills.modifiers.clear()
    hills.modifiers.new("fine", "SUBSURF").levels = 3
    wave = hills.modifiers.new("wave", "WAVE")
    wave.height, wave.width, wave.time_offset = 0.4, 0.6, -40
    bpy.context.view_layer.objects.active = thing
    thing.select_set(True)
    hills.select_set(True)
    assert bpy.ops.object.multires_reshape(modifier="multires") == {"FINISHED"}
    bpy.data.objects.remove(hills)
    bpy.ops.object.multires_external_save(filepath=at("caches/hills.btx"), modifier="multires", relative_path=not is_absolute)
    save()  # writes the file
    thing.rotation_euler = (1.2, 0, 0)


def clip_in_compositor(scene):
    """The compositor mixes the picture with a movie clip."""
    shutil.copy(clip, at("plates/clip.mp4"))
    shown = bpy.data.movieclips.load(at("plates/clip.mp4"))
    shown.filepath = stored("plates/clip.mp4")
    if hasattr(scene, "compositing_node_group"):
        tree = scene.compositing_node_group = bpy.data.node_groups.new("mixed", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        end = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        end = tree.nodes.new("CompositorNodeComposite")
    rendered, movie = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeMovieClip")
    movie.clip = shown
    mix = tree.nodes.new("CompositorNodeAlphaOver")
    inputs = [each for each in mix.inputs if each.type == "RGBA"]
    factor = next(each for each in mix.inputs if each.type == "VALUE")
    factor.default_value = 0.5
    tree.links.new(rendered.outputs["Image"], inputs[0])
    tree.links.new(movie.outputs["Image"], inputs[1])
    tree.links.new(mix.outputs[0], end.inputs[0])


def stereo(scene):
    """A plane with a picture for each eye, of which the file names only one."""
    for number, eye in enumerate(("L", "R")):
        picture = bpy.data.images.new("made", 32, 32)
        picture.pixels = [value for _ in range(32 * 32) for value in (number, 0.5, 1 - number, 1.0)]
        picture.filepath_raw, picture.file_format = at("plates/eye_%s.png" % eye), "PNG"
        picture.save()
        bpy.data.images.remove(picture)
    scene.render.use_multiview = True
    scene.render.image_settings.views_format = "STEREO_3D"
    shown = bpy.data.images.load(at("plates/eye_L.png"))
    shown.views_format, shown.use_multiview = "INDIVIDUAL", True
    shown.filepath_raw = stored("plates/eye_L.png")
    thing = plane((0, 0, 0), 8)
    tree = thing.data.materials[0].node_tree
    texture = tree.nodes.new("ShaderNodeTexImage")
    texture.image = shown
    tree.links.new(texture.outputs[0], tree.nodes["Emission"].inputs[0])
    thing.keyframe_insert("location", frame=1)
    thing.location = (1, 0, 0)
    thing.keyframe_insert("location", frame=FRAMES)


def strips(scene):
    """The sequencer shows pictures beside each other, and over them a movie."""
    editor = scene.sequence_editor_create()
    known = editor.strips if hasattr(editor, "strips") else editor.sequences
    for number in range(1, FRAMES + 1):
        image = bpy.data.images.new("made", 32, 32)
        image.pixels = [value for _ in range(32 * 32) for value in (number / FRAMES, 0.5, 0.1, 1.0)]
        image.filepath_raw, image.file_format = at("plates/plate_%d.png" % number), "PNG"
        image.save()
        bpy.data.images.remove(image)
    plates = known.new_image("plates", at("plates/plate_1.png"), 1, 1)
    for number in range(2, FRAMES + 1):
        plates.elements.append("plate_%d.png" % number)
    plates.directory = stored("plates/")
    shutil.copy(clip, at("plates/clip.mp4"))
    over = known.new_movie("clip", at("plates/clip.mp4"), 2, 1)
    over.filepath = stored("plates/clip.mp4")
    over.blend_type, over.blend_alpha = "ALPHA_OVER", 0.5
    sound = known.new_sound("sound", at("plates/clip.mp4"), 3, 1)  # the same file, for something that is not seen
    sound.sound.filepath = stored("plates/clip.mp4")


bpy.ops.wm.read_factory_settings(use_empty=True)
save()
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False  # Debian's builds have no denoiser
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 160, 90, 100
scene.render.image_settings.color_mode = "RGB"
scene.frame_end = FRAMES
camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
camera.location = (0, 0, 24)
scene.collection.objects.link(camera)
scene.camera = camera
builders = {
    "pc2": lambda: mesh_cache("pc2", (-7, 2, 0)),
    "mdd": lambda: mesh_cache("mdd", (-4, 2, 0)),
    "ies": lambda: ies((-1, 2, 0)),
    "ocean": lambda: ocean((3, 2, 0)),
    "cloth": lambda: cloth((-6, -2, 0)),
    "fluid": lambda: fluid((0, -2, 0)),
    "zone": lambda: zone((3, -2, 0)),
    "volume": lambda: volume((6, -2, 0)),
    "multires": lambda: multires((7, 2, 0)),
    "clip": lambda: clip_in_compositor(scene),
    "stereo": lambda: stereo(scene),
    "strips": lambda: strips(scene),
}
for kind in wanted or [kind for kind in builders if kind not in ("clip", "stereo", "strips")]:
    try:
        builders[kind]()
        made.append(kind)
    except Exception as error:
        print("cannot make %s: %s" % (kind, error))
save()
if "cloth" in made:
    bpy.ops.ptcache.bake_all(bake=True)
    save()
    if is_absolute:  # otherwise the cache has its usual place, which the file does not name
        shutil.move(at("shots/blendcache_shot"), at("caches/cloth"))
        bpy.ops.wm.open_mainfile(filepath=at("shots/shot.blend"))  # forgets where the cache was
        for thing in bpy.data.objects:
            if "cloth" in thing.modifiers:
                cache = thing.modifiers["cloth"].point_cache
                cache.filepath, cache.use_external = at("caches/cloth"), True
                assert cache.is_baked
        save()
print("kinds: " + " ".join(made))
sys.stdout.flush()
os._exit(0)  # a Blender with fluids may crash on exit
