"use client";

import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";

interface Props {
    open: boolean;
    onOpenChange: (open: boolean) => void;
    title: string;
    side?: "left" | "right";
    children: ReactNode;
}

//  A sheet from the edge of the window; the rest waits until it is closed.
export function Drawer({ open, onOpenChange, title, side = "right", children }: Props) {
    const edge =
        side === "right"
            ? "right-0 data-[starting-style]:translate-x-full data-[ending-style]:translate-x-full"
            : "left-0 data-[starting-style]:-translate-x-full data-[ending-style]:-translate-x-full";
    return (
        <Dialog.Root open={open} onOpenChange={onOpenChange}>
            <Dialog.Portal>
                <Dialog.Backdrop className="fixed inset-0 z-40 bg-[rgb(8_14_12/0.5)] transition-opacity duration-300
                    data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
                <Dialog.Popup
                    className={`fixed inset-y-0 z-50 flex w-[min(29rem,100vw)] flex-col bg-ground shadow-drawer outline-none transition-transform duration-300 ease-out ${edge}`}
                >
                    <header className="flex items-center justify-between gap-4 border-b border-line px-6 py-4">
                        <Dialog.Title className="display text-head">{title}</Dialog.Title>
                        <Dialog.Close className="icon-button" aria-label="Close">
                            <X className="size-6" aria-hidden="true" />
                        </Dialog.Close>
                    </header>
                    {children}
                </Dialog.Popup>
            </Dialog.Portal>
        </Dialog.Root>
    );
}
