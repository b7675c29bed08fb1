"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "@/api/client";
import { Button } from "@/ui/button";
import { Trouble } from "@/ui/notice";
import type { Node } from "./system";

const DOWN_SECONDS = 8;

//  For demonstrations: it is killed as a crash would, and comes back by itself.
export function End({ node }: { node: Node }) {
    const [isSure, setSure] = useState(false);
    const end = useMutation({
        mutationFn: () =>
            take(api.POST("/api/ops/nodes/{node}/end", { params: { path: { node: node.name } }, body: { down_seconds: DOWN_SECONDS } })),
        onSettled: () => setSure(false),
    });
    return (
        <div className="space-y-3 border-t border-line pt-4">
            {end.error !== null && <Trouble error={end.error} />}
            {isSure ? (
                <>
                    <p className="text-[0.9375rem]">
                        It is killed at once, stays away for {DOWN_SECONDS} seconds, and is started again. Nothing that was
                        acknowledged is lost.
                    </p>
                    <div className="flex flex-wrap gap-3">
                        <Button busy={end.isPending} busyText="Killing" onClick={() => end.mutate()}>
                            Kill {node.name}
                        </Button>
                        <Button look="quiet" onClick={() => setSure(false)}>
                            Leave it
                        </Button>
                    </div>
                </>
            ) : (
                <Button look="quiet" disabled={node.state !== "live"} onClick={() => setSure(true)}>
                    {node.state === "live" ? "Kill it, and watch" : "It comes back by itself"}
                </Button>
            )}
        </div>
    );
}
