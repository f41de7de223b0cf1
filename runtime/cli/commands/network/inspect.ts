import { networkDocument } from '../../output/network-document.ts'
import { inspectNamed } from '../inspect-named.ts'

/** `network inspect` */
export const networkInspectCommand = inspectNamed('network', async (engine, name) =>
  networkDocument(await engine.networkInspect(name)),
)
