import { randomBytes } from 'node:crypto'
import type { JsonObject } from '../../api/object.ts'

/** The name of a container that runs an image: that of the image, as far as names allow. */
export function nameFromImage(image: string): string {
  const name = image.split('/').at(-1)!.split(':')[0]!.split('@')[0]!
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) return name
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')
  return `${plain.replace(/^-+/, '')}-${randomBytes(3).toString('hex').slice(0, 5)}`
}

/** A container as Go writes it. */
export function plainContainer(
  name: string,
  image: string,
  command: readonly string[] = [],
): JsonObject {
  return { name, image, resources: {}, ...(command.length > 0 ? { command: [...command] } : {}) }
}
