import { createContext, type ComponentChildren, type JSX } from 'preact';
import { useContext, useId } from 'preact/hooks';
import { NO_FAULTS, type FieldFaults } from './field-faults.ts';

/** What the server refused of the form around: each field shows what is its own. */
export const FormFaults = createContext<FieldFaults>(NO_FAULTS);

interface FrameProps {
  readonly label: string;
  /** What is expected, below the field. */
  readonly hint?: string | undefined;
  /** Where the field's value stands in what is sent, such as `levels.0.threshold`: faults of that place are shown here. */
  readonly at?: string | undefined;
}

/** What a field's element needs to belong to its name, its hint and its fault. */
interface FramedAttributes {
  readonly id: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: 'true';
}

interface FieldFrameProps extends FrameProps {
  readonly isWide?: boolean;
  readonly children: (attributes: FramedAttributes) => JSX.Element;
}

/** A field with its name above it, what is expected of it and what is wrong with it below. */
function FieldFrame({ label, hint, at, isWide = false, children }: FieldFrameProps): JSX.Element {
  const id = useId();
  const faults = useContext(FormFaults);
  const fault = at === undefined ? undefined : faults.at(at);
  const below = fault ?? hint;
  return (
    <div class={isWide ? 'field wide' : 'field'}>
      <label for={id}>{label}</label>
      {children({
        id,
        ...(below === undefined ? {} : { 'aria-describedby': `${id}-below` }),
        ...(fault === undefined ? {} : { 'aria-invalid': 'true' }),
      })}
      {below === undefined ? null : (
        <small id={`${id}-below`} class={fault === undefined ? 'muted' : 'field-fault'}>
          {below}
        </small>
      )}
    </div>
  );
}

interface FieldProps extends FrameProps {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly type?: 'text' | 'password' | 'number' | 'datetime-local' | 'time';
  readonly placeholder?: string;
  readonly required?: boolean;
}

interface LinesProps extends FieldProps {
  /** Lines that are there before anything is typed; it grows with what is. */
  readonly rows?: number;
}

/** A line of text. */
export function TextField({ label, hint, at, onValue, type = 'text', ...rest }: FieldProps): JSX.Element {
  return (
    <FieldFrame label={label} hint={hint} at={at}>
      {(attributes) => (
        <input
          {...rest}
          {...attributes}
          type={type}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => {
            onValue(event.currentTarget.value);
          }}
        />
      )}
    </FieldFrame>
  );
}

/** Lines of text. */
export function LinesField({ label, hint, at, value, onValue, placeholder = '', rows = 3 }: LinesProps): JSX.Element {
  return (
    <FieldFrame label={label} hint={hint} at={at} isWide>
      {(attributes) => (
        <textarea
          {...attributes}
          rows={rows}
          value={value}
          placeholder={placeholder}
          spellcheck={false}
          onInput={(event) => {
            onValue(event.currentTarget.value);
          }}
        />
      )}
    </FieldFrame>
  );
}

interface ChoiceProps extends FrameProps {
  readonly value: string;
  readonly onValue: (value: string) => void;
  /** Values with what is shown for them. */
  readonly options: readonly (readonly [value: string, shown: string])[];
}

/** One of some. */
export function ChoiceField({ label, hint, at, value, onValue, options }: ChoiceProps): JSX.Element {
  return (
    <FieldFrame label={label} hint={hint} at={at}>
      {(attributes) => (
        <select
          {...attributes}
          value={value}
          onChange={(event) => {
            onValue(event.currentTarget.value);
          }}
        >
          {options.map(([each, shown]) => (
            <option key={each} value={each}>
              {shown}
            </option>
          ))}
        </select>
      )}
    </FieldFrame>
  );
}

interface SwitchProps {
  readonly checked: boolean;
  readonly onChecked: (checked: boolean) => void;
  readonly children: ComponentChildren;
}

/** Yes or no. */
export function Switch({ checked, onChecked, children }: SwitchProps): JSX.Element {
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => {
          onChecked(event.currentTarget.checked);
        }}
      />
      {children}
    </label>
  );
}
