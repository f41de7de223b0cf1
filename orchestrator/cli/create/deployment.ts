import { CommandFailure } from '../resources/session.ts'
import { nameFromImage, plainContainer } from './containers.ts'
import { unset } from './generator.ts'
import type { Generator, GeneratorFlags } from './generator.ts'
import { readInteger } from './read-flags.ts'

interface Flags extends GeneratorFlags {
  readonly image?: string[]
  readonly port?: string
  readonly replicas?: string
}

/** `myorch create deployment NAME --image=IMAGE -- COMMAND`. */
export const deployment: Generator<Flags> = {
  name: 'deployment',
  aliases: ['deploy'],
  required: ['image'],
  failure: 'deployment:',
  description: 'Pods of one image, as many as are asked for',
  flags: [
    ['--image <image...>', 'what to run; several are containers of each pod'],
    ['--port <number>', 'where the first container listens'],
    ['-r, --replicas <count>', 'how many pods (1)'],
  ],
  build: ({ name, words, flags }) => {
    const images = flags.image ?? []
    if (images.length > 1 && words.length > 0)
      throw new CommandFailure('cannot specify multiple --image options and command')
    const port = readInteger('--port', flags.port, 'create deployment')
    const containers = images.map((image) => plainContainer(nameFromImage(image), image, words))
    if (port !== undefined) containers[0]!['ports'] = [{ containerPort: port }]
    const labels = { app: name }
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...unset, name, labels },
      spec: {
        replicas: readInteger('-r, --replicas', flags.replicas, 'create deployment') ?? 1,
        selector: { matchLabels: labels },
        strategy: {},
        template: { metadata: { ...unset, labels }, spec: { containers } },
      },
      status: {},
    }
  },
}
