import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { BacktestResult } from '../../model/alert/backtest.ts';
import type { RuleSource } from '../../model/alert/rule-source.ts';
import { ask, type Answer } from '../api.ts';
import { Chips } from '../chips.tsx';
import { Fault } from '../facts.tsx';
import { formatDuration, plural } from '../format.ts';
import { When } from '../when.tsx';
import { Lane } from './lane.tsx';

interface Preview {
  readonly matches: number;
  readonly targets: readonly { readonly host?: string; readonly container?: string }[];
}

type Backtest = BacktestResult & { readonly partial: string | null };

/** After the last key stroke, milliseconds. */
const PAUSE_MS = 400;

const NAMES = 8;
const EPISODES = 10;

/** Asks what the rule looks at, each time that it was changed and then left alone for a moment. */
export function usePreview(source: RuleSource): Answer<Preview> | undefined {
  const [answer, setAnswer] = useState<Answer<Preview> | undefined>(undefined);
  const body = JSON.stringify(source);
  useEffect(() => {
    const ending = new AbortController();
    const timer = setTimeout(() => {
      void ask<Preview>('POST', '/rules/preview', { body: source, signal: ending.signal }).then((given) => {
        if (!ending.signal.aborted) setAnswer(given);
      });
    }, PAUSE_MS);
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [body]);
  return answer;
}

function Matches({ preview }: { readonly preview: Preview }): JSX.Element {
  const names = preview.targets
    .slice(0, NAMES)
    .map(({ host, container }) => [container, host].filter((name) => name !== undefined).join(' on '));
  const more = preview.matches - names.length;
  return (
    <p class="preview">
      <strong>Looks at {formatMatches(preview.matches)}</strong>
      {names.length === 0 ? null : `: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`}
    </p>
  );
}

function formatMatches(count: number): string {
  return count === 0 ? 'nothing now' : plural(count, 'thing');
}

function Outcome({ result }: { readonly result: Backtest }): JSX.Element {
  const { summary, episodes, longestMs, flapping, stepMs, partial } = result;
  const facts = [
    ...(result.fired > 0 ? [`longest ${formatDuration(longestMs)}`] : []),
    ...(flapping > 0 ? [`${flapping} flapping`] : []),
    ...(stepMs > 0 ? [`looked at in steps of up to ${formatDuration(stepMs)}`] : []),
    ...(partial === null ? [] : [partial]),
  ];
  return (
    <div role="status">
      <p>
        <strong>It {summary}</strong>
        {facts.length === 0 ? null : `; ${facts.join('; ')}`}.
      </p>
      {episodes.length === 0 ? null : (
        <>
          <Lane
            label={summary}
            spanMs={86_400_000}
            spans={episodes.map(({ fromUnixMs, toUnixMs, severity }) => ({ fromUnixMs, toUnixMs, severity }))}
          />
          <ul class="episodes">
            {episodes.slice(0, EPISODES).map(({ labels, fromUnixMs, toUnixMs }) => (
              <li key={`${fromUnixMs} ${JSON.stringify(labels)}`}>
                <When at={fromUnixMs} />{' '}
                {toUnixMs === undefined ? 'until now' : `for ${formatDuration(toUnixMs - fromUnixMs)}`}{' '}
                <Chips labels={labels} />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

interface RuleTrialProps {
  readonly source: RuleSource;
  readonly preview: Answer<Preview> | undefined;
}

/** What a rule that is not saved yet looks at now, and what it would have done in the last 24 hours. */
export function RuleTrial({ source, preview }: RuleTrialProps): JSX.Element {
  const [backtest, setBacktest] = useState<Answer<Backtest> | undefined>(undefined);
  const [isTesting, setTesting] = useState(false);
  const test = async (): Promise<void> => {
    setTesting(true);
    setBacktest(await ask<Backtest>('POST', '/rules/backtest', { body: source }));
    setTesting(false);
  };
  // What was found of another rule says nothing of this one.
  useEffect(() => {
    setBacktest(undefined);
  }, [JSON.stringify(source)]);
  return (
    <div class="trial">
      {preview?.ok === true ? <Matches preview={preview.value} /> : null}
      <Fault reason={preview?.ok === false ? preview.reason : undefined} />
      <button type="button" class="button" disabled={isTesting || preview?.ok === false} onClick={() => void test()}>
        {isTesting ? 'Testing…' : 'Test over the last 24 h'}
      </button>
      {backtest?.ok === true ? <Outcome result={backtest.value} /> : null}
      <Fault reason={backtest?.ok === false ? backtest.reason : undefined} />
    </div>
  );
}
