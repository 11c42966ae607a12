/** Characters of a name in a message: of a node, a scene, a camera, an add-on. */
export const longestName = 256;
