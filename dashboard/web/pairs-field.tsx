import type { JSX } from 'preact';
import { LinesField, TextField } from './fields.tsx';
import { pairPath, type Pair } from './pairs.ts';

interface PairsFieldProps {
  /** What the pairs are, and what one of them is called. */
  readonly legend: string;
  readonly one: string;
  /** Where they stand in what is sent. */
  readonly at: string;
  readonly pairs: readonly Pair[];
  readonly onPairs: (pairs: readonly Pair[]) => void;
}

/** Names with their texts, as many as are wanted. */
export function PairsField({ legend, one, at, pairs, onPairs }: PairsFieldProps): JSX.Element {
  const put = (index: number, part: Partial<Pair>): void => {
    onPairs(pairs.map((pair, each) => (each === index ? { ...pair, ...part } : pair)));
  };
  return (
    <fieldset class="list">
      <legend>{legend}</legend>
      {pairs.map(({ name, text }, index) => (
        <div key={index} class="row">
          <TextField
            label={`${one} ${index + 1}`}
            value={name}
            at={pairPath(at, index)}
            onValue={(value) => {
              put(index, { name: value });
            }}
          />
          <LinesField
            label="Text"
            value={text}
            rows={1}
            {...(name.trim() === '' ? {} : { at: `${at}.${name.trim()}` })}
            onValue={(value) => {
              put(index, { text: value });
            }}
          />
          <RemoveButton
            label={`Remove ${one.toLowerCase()} ${index + 1}`}
            onRemove={() => {
              onPairs(pairs.filter((_, each) => each !== index));
            }}
          />
        </div>
      ))}
      <button
        type="button"
        class="button"
        onClick={() => {
          onPairs([...pairs, { name: '', text: '' }]);
        }}
      >
        Add {/^[aeiou]/i.test(one) ? 'an' : 'a'} {one.toLowerCase()}
      </button>
    </fieldset>
  );
}

/** Takes one of several things out of a form. */
export function RemoveButton({
  label,
  onRemove,
}: {
  readonly label: string;
  readonly onRemove: () => void;
}): JSX.Element {
  return (
    <button type="button" class="button remove" aria-label={label} title={label} onClick={onRemove}>
      ×
    </button>
  );
}
