/**
 * Commands of myimage that this command line takes too, under docker's and podman's names; the launcher hands them over
 * (native/shim/image-words.c). `image` stands before any command of myimage.
 */
export const imageCommands: Readonly<Record<string, string>> = {
  build: 'Build an image from a Dockerfile',
  history: 'Show the history of an image',
  image: 'Manage images: every command of myimage',
  images: 'List images',
  import: 'Make an image of a root file system',
  load: 'Load images from an archive',
  login: 'Log in to a registry',
  logout: 'Log out from a registry',
  pull: 'Pull an image from a registry',
  push: 'Push an image to a registry',
  rmi: 'Remove one or more images',
  save: 'Save images to an archive',
  tag: 'Give an image another name',
  untag: 'Take a name from an image',
}
