import { maxScore } from '../framework.ts'
import type { Plugin } from '../framework.ts'

const mebibyte = 1024 * 1024
/** Less is not worth a preference. */
const lowest = 23 * mebibyte
/** More, for each container, is worth no more. */
const highest = 1000 * mebibyte

/** Prefers nodes that have the pod's images, and less so where few nodes have them: or all would go to those few. */
export const imageLocality: Plugin = {
  name: 'ImageLocality',
  prepareScore: ({ images }, { imageNodes, nodes }) => {
    const wanted = images.map(withTag).flatMap((name) => {
      const count = imageNodes.get(name) ?? 0
      return count === 0 ? [] : [{ name, share: count / nodes.length }]
    })
    const top = highest * images.length
    return {
      score: (node) => {
        let sum = 0
        for (const { name, share } of wanted)
          sum += Math.floor((node.images.get(name) ?? 0) * share)
        const bounded = Math.min(top, Math.max(lowest, sum))
        return Math.floor((maxScore * (bounded - lowest)) / (top - lowest))
      },
    }
  },
}

function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}
