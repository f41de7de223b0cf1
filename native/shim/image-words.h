// Commands on images, as users of docker and podman type them: `mycontainer build` is `myimage build`.
#pragma once
#include "types.h"

// ROOT, a word each for --root and its value, and the end, besides the arguments.
#define IMAGE_WORDS_EXTRA 4

// Whether argv (NAME ROOT ARGS…) is such a command; `words`, with room for its length and IMAGE_WORDS_EXTRA, is then the
// argv of myimage.
bool find_image_command(char **argv, char **words);
