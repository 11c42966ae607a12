"""Makes FOLDER/baked.blend, whose simulations are on disk, and its pictures: blender … -P baked.py -- FOLDER

The caches of FOLDER/absent.blend are beside it, under its name, where a node does not look; since 4.3 also those of
geometry nodes.

FOLDER/kept has the caches, FOLDER/pictures the frames as Blender itself renders them, in the order 4, 2. Works on Blender
2.83 to 5.x.
"""

import os
import shutil
import sys

import bpy

(folder,) = sys.argv[sys.argv.index("--") + 1 :]
blendfile = os.path.join(folder, "baked.blend")
kept = os.path.join(folder, "kept")
FRAMES = 5

HAS_FLUIDS = bpy.app.version[:2] != (4, 3)
"""Fluids crash Debian's 4.3."""


def configure(scene):
    scene.render.engine = "CYCLES"
    scene.cycles.use_denoising = False
    scene.cycles.samples = 2
    scene.render.resolution_x, scene.render.resolution_y = 64, 36
    scene.render.resolution_percentage = 100
    scene.frame_end = FRAMES
    image = scene.render.image_settings
    image.file_format, image.color_mode, image.compression = "PNG", "RGB", 15
    bpy.data.objects["Camera"].data.lens = 25


def cube(place):
    bpy.ops.mesh.primitive_cube_add(location=place)
    return bpy.context.object


def liquid(place, name, cache_type):
    thing = cube(place)
    domain = thing.modifiers.new("f", "FLUID")
    domain.fluid_type = "DOMAIN"
    settings = domain.domain_settings
    settings.cache_directory = os.path.join(kept, name)
    settings.domain_type, settings.resolution_max, settings.use_mesh = "LIQUID", 8, True
    settings.cache_type = cache_type
    settings.cache_frame_start, settings.cache_frame_end = 1, FRAMES
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.5, location=place)
    bpy.context.object.hide_render = True
    inflow = bpy.context.object.modifiers.new("f", "FLUID")
    inflow.fluid_type = "FLOW"
    inflow.flow_settings.flow_type, inflow.flow_settings.flow_behavior = "LIQUID", "INFLOW"
    return thing


def bake_points(name, cache):
    """Bakes to disk beside the blendfile, and then moves the cache into a folder that the file names, which is read-only."""
    cache.use_disk_cache, cache.name, cache.frame_end = True, name, FRAMES
    return name, cache


def save_absent():
    """Adds geometry nodes whose folder is a property, as if they were baked."""
    thing = cube((0, 0, 9))
    modifier = thing.modifiers.new("n", "NODES") if hasattr(bpy.types, "NodesModifierBake") else None
    if modifier is not None:
        modifier.node_group = simulated()
        modifier.bake_target, modifier.bake_directory = "DISK", "//nodes"
        bpy.context.view_layer.update()
        assert len(modifier.bakes) == 1
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, "absent.blend"), copy=True)
    bpy.data.objects.remove(thing)


def simulated():
    """A node group with a simulation zone."""
    group = bpy.data.node_groups.new("Simulated", "GeometryNodeTree")
    for direction in ("INPUT", "OUTPUT"):
        group.interface.new_socket("Geometry", in_out=direction, socket_type="NodeSocketGeometry")
    begin, end = group.nodes.new("GeometryNodeSimulationInput"), group.nodes.new("GeometryNodeSimulationOutput")
    begin.pair_with_output(end)
    group.links.new(group.nodes.new("NodeGroupInput").outputs[0], begin.inputs[0])
    group.links.new(end.outputs[0], group.nodes.new("NodeGroupOutput").inputs[0])
    return group


scene = bpy.context.scene
configure(scene)
bpy.ops.wm.save_as_mainfile(filepath=blendfile)
cloth = bake_points("cloth", cube((-3, 0, 1)).modifiers.new("c", "CLOTH").point_cache)
emitter = cube((0, 3, 1))
emitter.modifiers.new("p", "PARTICLE_SYSTEM")
system = emitter.particle_systems[0]
system.settings.count, system.settings.frame_end, system.settings.render_type = 50, FRAMES, "OBJECT"
system.settings.instance_object = bpy.data.objects["Cube"]
particles = bake_points("particles", system.point_cache)
bpy.ops.ptcache.bake_all(bake=True)
save_absent()
shutil.copytree(os.path.join(folder, "blendcache_baked"), os.path.join(kept, "points"))
shutil.rmtree(os.path.join(folder, "blendcache_baked"))
for name, cache in (cloth, particles):
    cache.filepath, cache.use_external = os.path.join(kept, "points"), True
    assert cache.is_baked, name
if HAS_FLUIDS:
    liquid((3, 0, 0), "replayed", "REPLAY")
    baked = liquid((0, -3, 0), "baked", "ALL" if bpy.app.version >= (2, 90) else "FINAL")
    bpy.context.view_layer.objects.active = baked
    assert bpy.ops.fluid.bake_all() == {"FINISHED"}
scene.frame_set(1)
bpy.ops.wm.save_as_mainfile(filepath=blendfile)

bpy.ops.wm.open_mainfile(filepath=blendfile)
for frame in range(1, FRAMES + 1):
    bpy.context.scene.frame_set(frame)  # writes the only cache that is replayed
bpy.ops.wm.open_mainfile(filepath=blendfile)
for frame in (4, 2):
    bpy.context.scene.frame_set(frame)
    bpy.context.scene.render.filepath = os.path.join(folder, "pictures", "frame_%04d.png" % frame)
    bpy.ops.render.render(write_still=True)
sys.stdout.flush()
os._exit(0)  # the fluids of 2.83 would crash on exit
