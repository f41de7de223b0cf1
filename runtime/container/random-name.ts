import { randomBelow } from '../../native/random.ts'

const adjectives =
  'amber ample arctic autumn balmy bold brave breezy bright brisk calm candid civic clever coastal cosmic cosy crisp dapper deft dusty eager early earnest fabled fair fleet fond frank fresh frosty gentle gilded glad golden grand hardy hazel honest humble ivory jolly keen kind lively loyal lucid lunar merry mild mellow misty modest neat nimble noble novel oaken patient placid plucky polar proud quick quiet rapid ready robust rosy rustic sage sandy serene sharp silent silver sincere smooth snug solar solid spry stable steady stout sturdy subtle sunny swift tidal tidy timely tranquil trusty upbeat valiant velvet vivid warm wise witty woven zesty'

const nouns =
  'acorn alder anchor anvil arbor aster badger barley basin beacon beech birch bison brook cabin canyon cedar chisel clover comet compass copper coral crane creek cricket delta dune eagle ember falcon fern finch fjord flint forge fox garnet geyser glacier grove gull harbor hare hawk hazel heron hill hollow ibis inlet iris island jasper kestrel kettle lagoon lantern larch lark ledge linden lynx magnet maple marten meadow mesa moss nectar oak opal orchid osprey otter owl pebble pelican pine plover pond poplar prairie quail quarry quartz raven reef ridge river robin rowan sable saffron sparrow spruce stork summit swallow thicket thistle tern timber topaz trout tulip valley violet walnut willow wren yarrow'

/**
 * A name for a container that was given none: two words that are easy to say.
 * @param attempt how many names were taken already; from the second on a number follows
 * @param pick chooses below a bound
 */
export function randomName(attempt = 0, pick: (bound: number) => number = randomBelow): string {
  const [first, second] = [adjectives, nouns].map((text) => {
    const words = text.split(' ')
    return words[pick(words.length)] ?? ''
  })
  return `${first}_${second}${attempt === 0 ? '' : pick(1000)}`
}
