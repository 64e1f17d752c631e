import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

export interface FieldProps {
  readonly name: string;
  readonly label: string;
  /** What is expected, below the field. */
  readonly hint?: ComponentChildren;
  readonly type?: 'text' | 'password' | 'number';
  readonly autocomplete?: string;
  readonly required?: boolean;
  readonly value?: string | undefined;
  readonly placeholder?: string;
}

/** A named field of a form with what is expected of it. */
export function Field({ name, label, hint, type = 'text', autocomplete = 'off', ...rest }: FieldProps): JSX.Element {
  const id = useId();
  const { required = false, value, placeholder } = rest;
  return (
    <div class="entry">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        autocomplete={autocomplete}
        autocapitalize="off"
        spellcheck={false}
        required={required}
        {...(value === undefined ? {} : { defaultValue: value })}
        {...(placeholder === undefined ? {} : { placeholder })}
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
      />
      {hint === undefined ? null : (
        <span id={`${id}-hint`} class="muted">
          {hint}
        </span>
      )}
    </div>
  );
}

export interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly options: readonly (readonly [value: string, name: string])[];
  readonly value?: string;
}

/** One of a few. */
export function Choice({ name, label, options, value }: ChoiceProps): JSX.Element {
  const id = useId();
  return (
    <div class="entry">
      <label for={id}>{label}</label>
      <select id={id} name={name}>
        {options.map(([option, text]) => (
          <option key={option} value={option} selected={option === value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

/** What was typed into a form's fields, without spaces around; an empty field is absent. Passwords are taken as they are. */
export function typed(form: HTMLFormElement): Readonly<Record<string, string>> {
  const entries = [...new FormData(form)].flatMap(([name, value]) => {
    if (typeof value !== 'string') return [];
    const text = /password|current/.test(name) ? value : value.trim();
    return text === '' ? [] : [[name, text] as const];
  });
  return Object.fromEntries(entries);
}
