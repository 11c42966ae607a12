"""Materials, textures, lights and worlds."""

import bpy

from .base import ALTERNATING, FRAMES, TURNING, add, background, cube, feature, image_texture, key, link, need
from .base import noise_image, output, shader, turn


def lights(scene, count):
    bpy.data.objects.remove(bpy.data.objects["Sun"])
    return [add("Light", bpy.data.lights.new("Light", "POINT"), (index * 2 - count, -4, 5)) for index in range(count)]


@feature
def color(scene, thing):
    inputs = shader(thing.data.materials[0]).inputs
    key(inputs["Base Color"], "default_value", {1: (1, 0, 0, 1), FRAMES: (0, 0, 1, 1)})


@feature
def roughness_driven(scene, thing):
    inputs = shader(thing.data.materials[0]).inputs
    inputs["Metallic"].default_value = 1
    inputs["Roughness"].driver_add("default_value").driver.expression = "frame / 6"


@feature
def procedural_texture(scene, thing):
    tree = thing.data.materials[0].node_tree
    texture = tree.nodes.new("ShaderNodeTexNoise")
    mapping = tree.nodes.new("ShaderNodeMapping")
    place = tree.nodes.new("ShaderNodeTexCoord")
    link(tree, place.outputs["Object"], mapping.inputs[0])
    link(tree, mapping.outputs[0], texture.inputs[0])
    link(tree, texture.outputs["Color"], shader(thing.data.materials[0]).inputs["Base Color"])
    key(mapping.inputs["Location"], "default_value", {1: (0, 0, 0), FRAMES: (3, 0, 0)})


@feature
def picture(scene, thing):
    image_texture(thing.data.materials[0], noise_image("picture"))
    turn(thing)


@feature
def bump(scene, thing):
    owner = thing.data.materials[0]
    node = owner.node_tree.nodes.new("ShaderNodeBump")
    texture = owner.node_tree.nodes.new("ShaderNodeTexVoronoi")
    link(owner.node_tree, texture.outputs[0], node.inputs["Height"])
    link(owner.node_tree, node.outputs[0], shader(owner).inputs["Normal"])
    key(node.inputs["Strength"], "default_value", {1: 0.0, FRAMES: 1.0})


@feature
def displacement(scene, thing):
    owner = thing.data.materials[0]
    if hasattr(owner, "displacement_method"):
        owner.displacement_method = "DISPLACEMENT"
    else:
        owner.cycles.displacement_method = "DISPLACEMENT"
    tree = owner.node_tree
    node = tree.nodes.new("ShaderNodeDisplacement")
    texture = tree.nodes.new("ShaderNodeTexNoise")
    link(tree, texture.outputs[0], node.inputs[0])
    link(tree, node.outputs[0], output(owner).inputs["Displacement"])
    thing.modifiers.new("s", "SUBSURF").render_levels = 3
    key(node.inputs["Scale"], "default_value", {1: 0.0, FRAMES: 3.0})


@feature
def glass(scene, thing):
    scene.cycles.samples = 4
    inputs = shader(thing.data.materials[0]).inputs
    inputs["Transmission Weight" if "Transmission Weight" in inputs else "Transmission"].default_value = 1
    key(inputs["IOR"], "default_value", {1: 1.0, FRAMES: 2.0})
    turn(thing)


@feature
def emission(scene, thing):
    inputs = shader(thing.data.materials[0]).inputs
    inputs["Emission Color" if "Emission Color" in inputs else "Emission"].default_value = (1, 0.5, 0, 1)
    if "Emission Strength" in inputs:
        key(inputs["Emission Strength"], "default_value", {1: 0.0, FRAMES: 5.0})
    cube((3, -2, 2), (1, 1, 1), 2)
    scene.cycles.samples = 4


@feature
def subsurface(scene, thing):
    scene.cycles.samples = 4
    inputs = shader(thing.data.materials[0]).inputs
    key(inputs["Subsurface Weight" if "Subsurface Weight" in inputs else "Subsurface"], "default_value", {1: 0.0, FRAMES: 1.0})


@feature
def transparency(scene, thing):
    scene.cycles.samples = 4
    key(shader(thing.data.materials[0]).inputs["Alpha"], "default_value", {1: 1.0, FRAMES: 0.0})


@feature
def volume(scene, thing):
    scene.cycles.samples = 4
    owner = thing.data.materials[0]
    node = owner.node_tree.nodes.new("ShaderNodeVolumePrincipled")
    link(owner.node_tree, node.outputs[0], output(owner).inputs["Volume"])
    owner.node_tree.nodes.remove(shader(owner))
    key(node.inputs["Density"], "default_value", {1: 0.0, FRAMES: 2.0})


@feature
def ambient_occlusion(scene, thing):
    owner = thing.data.materials[0]
    node = owner.node_tree.nodes.new("ShaderNodeAmbientOcclusion")
    link(owner.node_tree, node.outputs[0], shader(owner).inputs["Base Color"])
    turn(thing)


@feature
def two_materials(scene, thing):
    from .base import material

    thing.data.materials.append(material("green", (0, 1, 0)))
    for polygon in thing.data.polygons:
        polygon.material_index = polygon.index % 2
    key(shader(thing.data.materials[1]).inputs["Base Color"], "default_value", {1: (0, 1, 0, 1), FRAMES: (1, 1, 0, 1)})


@feature
def light_energy(scene, thing):
    light = bpy.data.lights["Sun"]
    key(light, "energy", {1: 0.5, FRAMES: 6.0})
    key(light, "angle", {1: 0.0, FRAMES: 1.0})


@feature
def light_type(scene, thing):
    key(bpy.data.lights["Sun"], "type", {1: "SUN", 3: "POINT", 5: "SUN"})


@feature
def light_moving(scene, thing):
    key(bpy.data.objects["Sun"], "rotation_euler", {1: (0.6, 0.3, 0), FRAMES: (-0.6, 1, 0)})


@feature
def lights_two_keyed(scene, thing):
    for index, light in enumerate(lights(scene, 2)):
        key(light.data, "energy", {1: 100 * (index + 1), FRAMES: 600 / (index + 1)})


@feature
def lights_six_keyed(scene, thing):
    for index, light in enumerate(lights(scene, 6)):
        key(light.data, "energy", {1: 50 * (index + 1), FRAMES: 400 / (index + 1)})


@feature
def lights_six_moving(scene, thing):
    for index, light in enumerate(lights(scene, 6)):
        key(light, "location", {1: (index - 3, -4, 5), FRAMES: (3 - index, -4, 5)})


@feature
def lights_hidden(scene, thing):
    for light in lights(scene, 3):
        light.data.energy = 200
        key(light, "hide_render", ALTERNATING)


@feature
def area_light(scene, thing):
    bpy.data.objects.remove(bpy.data.objects["Sun"])
    light = bpy.data.lights.new("Area", "AREA")
    light.energy, light.shape = 500, "RECTANGLE"
    add("Area", light, (0, -4, 8)).rotation_euler = (0.4, 0, 0)
    key(light, "size", {1: 0.1, FRAMES: 5.0})


@feature
def light_linking(scene, thing):
    need(hasattr(thing, "light_linking"), "light linking, since 4.0")
    collection = bpy.data.collections.new("Lit")
    collection.objects.link(thing)
    bpy.data.objects["Sun"].light_linking.receiver_collection = collection
    cube((3, 0, 5), size=1)
    turn(thing)


@feature
def world_strength(scene, thing):
    key(background(scene).inputs[1], "default_value", {1: 0.0, FRAMES: 3.0})


@feature
def world_sky(scene, thing):
    tree = scene.world.node_tree
    sky = tree.nodes.new("ShaderNodeTexSky")
    if "HOSEK_WILKIE" in [item.identifier for item in sky.bl_rna.properties["sky_type"].enum_items]:
        sky.sky_type = "HOSEK_WILKIE"
    link(tree, sky.outputs[0], background(scene).inputs[0])
    if hasattr(sky, "turbidity"):
        key(sky, "turbidity", {1: 2.0, FRAMES: 9.0})


@feature
def world_picture(scene, thing):
    scene.cycles.samples = 4
    tree = scene.world.node_tree
    picture = tree.nodes.new("ShaderNodeTexEnvironment")
    picture.image = noise_image("sky", 16, is_float=True)
    mapping = tree.nodes.new("ShaderNodeMapping")
    place = tree.nodes.new("ShaderNodeTexCoord")
    link(tree, place.outputs[0], mapping.inputs[0])
    link(tree, mapping.outputs[0], picture.inputs[0])
    link(tree, picture.outputs[0], background(scene).inputs[0])
    key(mapping.inputs["Rotation"], "default_value", {1: (0, 0, 0), FRAMES: (0, 0, 3)})


@feature
def world_volume(scene, thing):
    scene.cycles.samples = 4
    tree = scene.world.node_tree
    scatter = tree.nodes.new("ShaderNodeVolumeScatter")
    target = next(node for node in tree.nodes if node.type == "OUTPUT_WORLD")
    link(tree, scatter.outputs[0], target.inputs["Volume"])
    bpy.data.lights["Sun"].type = "POINT"
    bpy.data.lights["Sun"].energy = 1000
    key(scatter.inputs["Density"], "default_value", {1: 0.0, FRAMES: 0.1})


@feature
def texture_of_another_object(scene, thing):
    """A texture that follows another object."""
    guide = add("Guide", None)
    key(guide, "rotation_euler", TURNING)
    tree = thing.data.materials[0].node_tree
    place = tree.nodes.new("ShaderNodeTexCoord")
    place.object = guide
    texture = tree.nodes.new("ShaderNodeTexChecker")
    link(tree, place.outputs["Object"], texture.inputs[0])
    link(tree, texture.outputs[0], shader(thing.data.materials[0]).inputs["Base Color"])
