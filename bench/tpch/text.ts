// Words, grammar and value lists of TPC-H's data (specification 3.0.1, clauses 4.2.2 and 4.2.3).
import type { Random } from '../../test/support/random.ts';

const list = (text: string): readonly string[] => text.split(' ');

const NOUNS = list('packages requests accounts deposits foxes ideas theodolites pinto_beans instructions dependencies excuses '
  + 'platelets asymptotes courts dolphins multipliers sauternes warthogs frets dinos attainments somas Tiresias patterns forges '
  + 'braids frays warhorses dugouts notornis epitaphs pearls tithes waters orbits gifts sheaves depths sentiments decoys realms '
  + 'pains grouches escapades hockey_players').map((word) => word.replace('_', ' '));
const VERBS = list('sleep wake are cajole haggle nag use boost affix detect integrate maintain nod was lose sublate solve thrash '
  + 'promise engage hinder print x-ray breach eat grow impress mold poach serve run dazzle snooze doze unwind kindle play hang '
  + 'believe doubt');
const ADJECTIVES = list('furious sly careful blithe quick fluffy slow quiet ruthless thin close dogged daring brave stealthy '
  + 'permanent enticing idle busy regular final ironic even bold silent special pending unusual express');
const ADVERBS = list('sometimes always never furiously slyly carefully blithely quickly fluffily slowly quietly ruthlessly thinly '
  + 'closely doggedly daringly bravely stealthily permanently enticingly idly busily regularly finally ironically evenly boldly '
  + 'silently');
const PREPOSITIONS = list('about above according_to across after against along alongside_of among around at atop before behind '
  + 'beneath beside besides between beyond by despite during except for from in_place_of inside instead_of into near of on '
  + 'outside over past since through throughout to toward under until up upon without with within')
  .map((word) => word.replaceAll('_', ' '));
const AUXILIARIES = list('do may might shall will would can could should ought_to must will_have_to shall_have_to could_have_to '
  + 'should_have_to must_have_to need_to try_to').map((word) => word.replaceAll('_', ' '));
const TERMINATORS = ['.', ';', ':', '?', '!', '--'] as const;

export const COLOURS = list('almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood burnished '
  + 'chartreuse chiffon chocolate coral cornflower cornsilk cream cyan dark deep dim dodger drab firebrick floral forest frosted '
  + 'gainsboro ghost goldenrod green grey honeydew hot indian ivory khaki lace lavender lawn lemon light lime linen magenta '
  + 'maroon medium metallic midnight mint misty moccasin navajo navy olive orange orchid pale papaya peach peru pink plum powder '
  + 'puff purple red rose rosy royal saddle salmon sandy seashell sienna sky slate smoke snow spring steel tan thistle tomato '
  + 'turquoise violet wheat white yellow');
export const TYPES = [list('STANDARD SMALL MEDIUM LARGE ECONOMY PROMO'), list('ANODIZED BURNISHED PLATED POLISHED BRUSHED'),
  list('TIN NICKEL BRASS STEEL COPPER')] as const;
export const CONTAINERS = [list('SM LG MED JUMBO WRAP'), list('CASE BOX BAG JAR PKG PACK CAN DRUM')] as const;
export const SEGMENTS = list('AUTOMOBILE BUILDING FURNITURE MACHINERY HOUSEHOLD');
export const PRIORITIES = ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'] as const;
export const INSTRUCTIONS = ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'] as const;
export const MODES = ['REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'] as const;
export const REGIONS = list('AFRICA AMERICA ASIA EUROPE').concat('MIDDLE EAST');
/** Name and region, by key. */
export const NATIONS: readonly (readonly [string, number])[] = [
  ['ALGERIA', 0], ['ARGENTINA', 1], ['BRAZIL', 1], ['CANADA', 1], ['EGYPT', 4], ['ETHIOPIA', 0], ['FRANCE', 3],
  ['GERMANY', 3], ['INDIA', 2], ['INDONESIA', 2], ['IRAN', 4], ['IRAQ', 4], ['JAPAN', 2], ['JORDAN', 4], ['KENYA', 0],
  ['MOROCCO', 0], ['MOZAMBIQUE', 0], ['PERU', 1], ['CHINA', 2], ['ROMANIA', 3], ['SAUDI ARABIA', 4], ['VIETNAM', 2],
  ['RUSSIA', 3], ['UNITED KINGDOM', 3], ['UNITED STATES', 1],
];

const CHARACTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,. ';

/** A v-string: random characters, `least` to `most` of them. */
export function randomString(random: Random, least: number, most: number): string {
  let out = '';
  for (let n = random.int(least, most); n > 0; n--) out += CHARACTERS[random.int(0, CHARACTERS.length - 1)];
  return out.trim() === '' ? 'x' : out;
}

/** The text pool of clause 4.2.2.14, of which comments are pieces. */
export class TextPool {
  readonly #text: string;

  constructor(random: Random, size: number) {
    const sentences: string[] = [];
    for (let length = 0; length < size;) {
      const sentence = sentenceOf(random);
      sentences.push(sentence);
      length += sentence.length + 1;
    }
    this.#text = sentences.join(' ');
  }

  piece(random: Random, least: number, most: number): string {
    const length = random.int(least, most);
    const from = random.int(0, this.#text.length - length);
    return this.#text.slice(from, from + length);
  }
}

function sentenceOf(random: Random): string {
  const noun = (): string => nounPhrase(random);
  const verb = (): string => verbPhrase(random);
  const preposition = (): string => `${random.pick(PREPOSITIONS)} the ${noun()}`;
  const parts = random.pick([
    () => [noun(), verb()], () => [noun(), verb(), preposition()], () => [noun(), verb(), noun()],
    () => [noun(), preposition(), verb(), noun()], () => [noun(), preposition(), verb(), preposition()],
  ])();
  return `${parts.join(' ')}${random.pick(TERMINATORS)}`;
}

function nounPhrase(random: Random): string {
  const noun = random.pick(NOUNS);
  const adjective = random.pick(ADJECTIVES);
  return random.pick([noun, `${adjective} ${noun}`, `${adjective}, ${random.pick(ADJECTIVES)} ${noun}`,
    `${random.pick(ADVERBS)} ${adjective} ${noun}`]);
}

function verbPhrase(random: Random): string {
  const verb = random.pick(VERBS);
  const auxiliary = random.pick(AUXILIARIES);
  const adverb = random.pick(ADVERBS);
  return random.pick([verb, `${auxiliary} ${verb}`, `${verb} ${adverb}`, `${auxiliary} ${verb} ${adverb}`]);
}
