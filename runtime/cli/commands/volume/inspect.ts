import { volumeDocument } from '../../output/volume-document.ts'
import { inspectNamed } from '../inspect-named.ts'

/** `volume inspect` */
export const volumeInspectCommand = inspectNamed('volume', async (engine, name) =>
  volumeDocument(await engine.volumeInspect(name)),
)
