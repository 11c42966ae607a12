"""Which scenes count as rendered if an engine is missing: blender -b --factory-startup -P missing_engines.py -- SCRIPTS FOLDER

SCRIPTS is the folder of the node's scripts, FOLDER an empty one. Saves each case with an engine, opens it without, and raises an
exception if the slot's answer is not as it must be. Prints "without NAME" for each case that this Blender cannot make.
Works on Blender 2.83 to 5.x.
"""

import os
import sys

import bpy

scripts, folder = sys.argv[sys.argv.index("--") + 1 :]
sys.path.insert(0, scripts)

from farm_slot import engines  # noqa: E402
from farm_slot.faults import SlotFault  # noqa: E402


class Engine(bpy.types.RenderEngine):
    bl_idname = "FLAT_ENGINE"
    bl_label = "Flat"


def strips_of(holder):
    return holder.strips if hasattr(holder, "strips") else holder.sequences


def color(strips, channel):
    length = {"length": 3} if bpy.app.version >= (5, 0) else {"frame_end": 4}
    return strips.new_effect(name="Color", type="COLOR", channel=channel, frame_start=1, **length)


def strip(main, flat, is_muted=False, shows="CAMERA"):
    strips = strips_of(main.sequence_editor_create())
    color(strips, 2)  # the picture comes from the sequencer in any case
    shown = strips.new_scene(name="Flat", scene=flat, channel=1, frame_start=1)
    shown.mute, shown.scene_input = is_muted, shows
    return shown


def muted_strip(main, flat):
    strip(main, flat, is_muted=True)


def needed_strip(main, flat):
    """A muted strip that an effect shows."""
    shown = strip(main, flat, is_muted=True)
    length = {"length": 3} if bpy.app.version >= (5, 0) else {"frame_end": 4}
    name = "input1" if bpy.app.version >= (5, 0) else "seq1"
    strips_of(main.sequence_editor).new_effect(name="Blur", type="GAUSSIAN_BLUR", channel=3, frame_start=1, **length, **{name: shown})


def in_meta(main, flat, is_muted=False):
    strips = strips_of(main.sequence_editor_create())
    color(strips, 2)
    meta = strips.new_meta(name="Meta", channel=1, frame_start=1)
    strips_of(meta).new_scene(name="Flat", scene=flat, channel=1, frame_start=1)
    meta.mute = is_muted


def in_muted_meta(main, flat):
    in_meta(main, flat, is_muted=True)


def only_its_sequencer(main, flat):
    strip(main, flat, shows="SEQUENCER")
    color(strips_of(flat.sequence_editor_create()), 1)


def unused_sequencer(main, flat):
    strip(main, flat)
    main.render.use_sequencer = False


def tree_of(main):
    if hasattr(main, "compositing_node_group"):
        main.compositing_node_group = bpy.data.node_groups.new("Compositor", "CompositorNodeTree")
        return main.compositing_node_group
    main.use_nodes = True
    return main.node_tree


def layers(main, flat, tree=None):
    node = (tree or tree_of(main)).nodes.new("CompositorNodeRLayers")
    node.scene = flat
    return node


def muted_node(main, flat):
    layers(main, flat).mute = True


def no_compositing(main, flat):
    layers(main, flat)
    main.render.use_compositing = False


def unused_tree(main, flat):
    layers(main, flat)
    if hasattr(main, "compositing_node_group"):
        main.compositing_node_group = None
    else:
        main.use_nodes = False


def node_in_group(main, flat):
    group = bpy.data.node_groups.new("Group", "CompositorNodeTree")
    tree_of(main).nodes.new("CompositorNodeGroup").node_tree = group
    layers(main, flat, group)


def compositor_of_strip(main, flat):
    other = bpy.data.scenes.new("Other")
    other.render.engine = "CYCLES"
    strip(main, other)
    layers(other, flat)


def background(main, flat):
    main.background_set = flat


def driver(main, flat):
    curve = bpy.data.objects["Cube"].driver_add("location", 0).driver
    target = curve.variables.new().targets[0]
    target.id_type, target.id, target.data_path = "SCENE", flat, "frame_current"


SHOWN = [strip, needed_strip, in_meta, layers, node_in_group, compositor_of_strip]
HIDDEN = [
    *(muted_strip, in_muted_meta, only_its_sequencer, unused_sequencer),
    *(muted_node, no_compositing, unused_tree, background, driver),
]
bpy.utils.register_class(Engine)
for case in SHOWN + HIDDEN:
    bpy.ops.wm.read_factory_settings()
    main, flat = bpy.context.scene, bpy.data.scenes.new("Flat")
    main.render.engine, flat.render.engine = "CYCLES", "FLAT_ENGINE"
    try:
        case(main, flat)
    except (AttributeError, RuntimeError):
        print("without " + case.__name__)
        continue
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, case.__name__ + ".blend"))
bpy.utils.unregister_class(Engine)

wrong = []
for case in SHOWN + HIDDEN:
    path = os.path.join(folder, case.__name__ + ".blend")
    if not os.path.exists(path):
        continue
    bpy.ops.wm.open_mainfile(filepath=path)
    refused = ""
    try:
        engines.require(bpy.data.scenes["Scene"])
    except SlotFault as fault:
        refused = str(fault)
    if bool(refused) != (case in SHOWN):
        wrong.append((case.__name__, refused))
assert not wrong, wrong
