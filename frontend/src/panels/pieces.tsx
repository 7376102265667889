// Pieces in a list: to look at one after the other.

import type { ComponentChildren } from "preact";
import type { Piece } from "../api";
import { pixels } from "../parts";
import type { Studio } from "../studio";
import { t } from "../texts";

export function PieceList(props: { studio: Studio; label: string; told: (piece: Piece) => ComponentChildren }) {
  const { studio, told } = props;
  const { pieces, piece } = studio;
  if (!pieces?.listed.length) return null;
  const at = piece ? pieces.listed.indexOf(piece) : -1;
  return (
    <>
      <div class="row">
        <button onClick={() => studio.nextPiece(-1)} title="Shift+N">
          {t("previous")}
        </button>
        <button onClick={() => studio.nextPiece(1)} title="N">
          {t("next")}
        </button>
        <span class="hint">
          {at >= 0 ? `${at + 1} / ` : ""}
          {pieces.count.toLocaleString()}
        </span>
      </div>
      <ol class="pieces" aria-label={props.label} tabIndex={0}>
        {pieces.listed.map((one) => (
          <li key={`${one.row} ${one.col}`}>
            <button aria-current={one === piece ? "true" : undefined} onClick={() => studio.showPiece(one)}>
              <span>{pixels(one.px, studio.facts.um_per_px)}</span>
              <span>{told(one)}</span>
            </button>
          </li>
        ))}
      </ol>
      {pieces.count > pieces.listed.length && (
        <p class="hint">
          {t("first_listed")} {pieces.listed.length.toLocaleString()}
        </p>
      )}
    </>
  );
}
