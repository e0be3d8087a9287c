// Test bench of the weight decoder: its page, written down line by line as a program, against the Verilog, from random registers
// and over whole streams. Run: iverilog -g2005 -o t netlist/rtl/test/weight_decoder_test.v netlist/rtl/*.v && vvp t
// Options: -P weight_decoder_test.DEPTH=4, vvp t +trials=N +seed=N.
module weight_decoder_test;
    parameter DEPTH = 8; reg clk = 0, rst = 1;
    reg [3:0] op_valid = 0; reg run_in = 1; reg [1:0] release_block = 0; reg [5:0] stream_count = 0; reg [63:0] stream_data = 0;
    reg uses_weights = 1; reg [28:0] weight_beats = 0; reg [2:0] kind = 0, taps = 4; reg part_kernel = 0;
    reg [6:0] blk_w = 1; reg [5:0] blk_h = 1; reg [7:0] blk_d = 1, ifm_blk_d = 8; reg depth_many = 0; reg [3:0] sub_w = 8, sub_h = 8;
    reg [16:0] ofm_w = 1, ofm_h = 1, ofm_d = 1, ifm_d = 1, kernel_w = 1, kernel_h = 1;
    wire [1:0] bank; wire stream_pop, fault;
    weight_decoder #(.DEPTH(DEPTH)) d (.clk(clk), .rst(rst), .op_valid(op_valid), .run(run_in), .release_block(release_block),
        .stream_count(stream_count), .stream_data(stream_data), .bank(bank), .uses_weights(uses_weights), .weight_beats(weight_beats),
        .kind(kind), .part_kernel(part_kernel), .taps(taps), .blk_w(blk_w), .blk_h(blk_h), .blk_d(blk_d), .ofm_w(ofm_w), .ofm_h(ofm_h),
        .ofm_d(ofm_d), .ifm_d(ifm_d), .ifm_blk_d(ifm_blk_d), .depth_many(depth_many), .kernel_w(kernel_w), .kernel_h(kernel_h),
        .sub_w(sub_w), .sub_h(sub_h), .stream_pop(stream_pop), .fault(fault));

    // ---- the model's registers ----
    reg [255:0] bits; reg [8:0] count; reg [28:0] beats; reg [1:0] ctl, state; reg [2:0] zdiv, wdiv; reg wtrunc, havepal;
    reg [4:0] dirofs; reg [5:0] palsize, palidx; reg [3:0] palbits; reg [8:0] pal [0:31]; reg [15:0] wleft, zleft; reg [5:0] balance;
    reg [5:0] carryw; reg [12:0] carryz; reg [5:0] pendw [0:11]; reg [12:0] pendz [0:11]; reg [3:0] pendwn, pendzn;
    reg [8:0] val [0:31]; reg [15:0] zero [0:31]; reg [4:0] valhead, zerohd; reg [5:0] valn, zeron; reg [15:0] zrun; reg wantrun;
    reg [8:0] wbuf [0:64*DEPTH-1]; reg full [0:1]; reg sel; reg [8:0] fill;
    reg [1:0] t_bank; reg t_on; reg [15:0] oy, ox, oz, iz, ky, kx; reg [5:0] io, tap; reg [6:0] ou;
    reg e_pop, e_fault, same; integer errors = 0, checks = 0, seed = 1;
    integer n_chunk = 0, n_badidx = 0, n_block = 0, n_pass = 0, n_move = 0, n_slice = 0, n_entry = 0, n_short = 0, n_fill = 0, n_emit = 0, n_pops = 0, n_wrap = 0;
    task check(input ok, input [8*16-1:0] what);
        begin
            checks = checks + 1;
            if (ok !== 1'b1) begin errors = errors + 1; if (errors < 30) $display("wrong: %0s at %0t", what, $time); end
        end
    endtask
    // the low bits of $random are poor: two numbers' high halves
    function [31:0] r32(input integer z);
        reg [31:0] a, b;
        begin a = $random(seed); b = $random(seed); r32 = {a[31:16], b[31:16]} + z; end
    endfunction
    function [31:0] rnd(input integer n); rnd = r32(0) % n; endfunction
    function integer clipf(input integer at, input integer b, input integer n);
        clipf = at >= n ? 1 : (n - at < b ? n - at : b);
    endfunction

    // field(o, n)
    function [31:0] field(input integer o, input integer n);
        reg [287:0] w;
        begin
            w = {32'd0, bits} >> (o % 256);
            field = n == 0 ? 0 : w[31:0] & ((1 << n) - 1);
        end
    endfunction
    task consume(input integer n0);
        integer n;
        begin
            n = n0 > count ? count : n0;
            count = count - n;
            bits = n > 255 ? 256'd0 : bits >> n;
        end
    endtask
    task short;
        begin
            if (beats == 0 && valn == 0 && zrun == 0 && zeron == 0 && !full[sel]) begin e_fault = 1; n_short = n_short + 1; end
        end
    endtask

    integer sub, step, oc, ic, oy0, ox0, j_over, j_moves, i_over;
    task inner_next;
        begin
            sub = clipf(kx, sub_w, kernel_w) * clipf(ky, sub_h, kernel_h);
            step = kind == 1 || (kind == 0 && part_kernel) ? taps : kind == 2 || kind == 3 ? sub : 1;
            oc = clipf(oz, blk_d, ofm_d); ic = kind == 0 ? clipf(iz, ifm_blk_d, ifm_d) : ifm_blk_d;
            i_over = 0;
            if (tap + step < sub) tap = tap + step;
            else begin tap = 0; if (kind != 4 && ou + DEPTH < oc) ou = ou + DEPTH;
            else begin ou = 0; if (kind == 0 && part_kernel && io + 8 < ic) io = io + 8; else begin io = 0; i_over = 1; end end end
        end
    endtask
    task job_next;
        begin
            oy0 = oy; ox0 = ox; j_over = 0;
            if (kx + sub_w < kernel_w) kx = kx + sub_w;
            else begin kx = 0; if (ky + sub_h < kernel_h) ky = ky + sub_h;
            else begin ky = 0; if (depth_many && iz + ifm_blk_d < ifm_d) iz = iz + ifm_blk_d;
            else begin iz = 0; if (oz + blk_d < ofm_d) oz = oz + blk_d;
            else begin oz = 0; if (ox + blk_w < ofm_w) ox = ox + blk_w;
            else begin ox = 0; if (oy + blk_h < ofm_h) oy = oy + blk_h;
            else begin oy = 0; j_over = 1; end end end end end end
            j_moves = oy != oy0 || ox != ox0;
        end
    endtask
    // ---- one clock of the page ----
    integer wblock, n, i, j, k, stop, b, off, ones, zl, zb, wb, need, bal, s, tt, tpos; reg runs, runs2, newpal, we, ze, unc, bad; reg [8:0] w;
    reg [31:0] idx, code; reg [11:0] u0, uz, u1; reg [8:0] v;
    task emit;
        begin
            runs = zdiv < 5;
            if (!full[sel]) begin
                wblock = kind == 1 ? 4 * DEPTH : taps * 8 * DEPTH;
                stop = 0;
                for (i = 0; i < (kind == 1 ? 1 : 8) && !stop; i = i + 1) begin
                    if (fill >= wblock) stop = 1;
                    if (!stop && runs && zrun == 0 && wantrun) begin
                        if (zeron == 0) stop = 1;
                        else begin zrun = zero[zerohd]; zerohd = zerohd + 1; zeron = zeron - 1; wantrun = 0; n_pops = n_pops + 1; end
                    end
                    if (!stop) begin
                        if (zrun > 0) begin zrun = zrun - 1; w = 0; end
                        else if (valn == 0) stop = 1;
                        else begin w = val[valhead]; valhead = valhead + 1; valn = valn - 1; wantrun = runs; end
                    end
                    if (!stop) begin wbuf[sel * 32 * DEPTH + fill] = w; fill = fill + 1; n_emit = n_emit + 1; end
                end
                if (fill >= wblock) begin
                    full[sel] = 1; sel = 1 - sel; fill = 0; n_block = n_block + 1;
                    inner_next;
                    if (i_over) begin
                        job_next;
                        if (j_over) begin t_on = 0; t_bank = t_bank + 1; ctl = 1; n_pass = n_pass + 1; end
                        else if (j_moves) begin ctl = 1; n_move = n_move + 1; end
                    end
                end
            end
        end
    endtask
    task header;
        begin : body
            if (count < 3) begin short; disable body; end
            if (field(0, 3) == 7) begin consume(3 + ((count - 3) % 8)); disable body; end
            newpal = count >= 23 && field(22, 1);
            if (count < 23 || (newpal && count < 36)) begin short; disable body; end
            if (newpal && (valn != 0 || zeron != 0 || zrun != 0)) disable body;
            n = field(3, 15) + 1; runs = zdiv < 5; zdiv = field(0, 3); wdiv = field(18, 3); wtrunc = field(21, 1); runs2 = zdiv < 5;
            if (zdiv == 5 || wdiv == 6 || (!newpal && !havepal) || (!newpal && runs != runs2)) begin e_fault = 1; disable body; end
            n_slice = n_slice + 1;
            wleft = n; zleft = runs2 ? n : 0; balance = 0; carryw = 0; carryz = 0;
            if (!newpal) begin consume(23); state = 2; disable body; end
            havepal = 1; dirofs = field(23, 5); palbits = field(33, 3) + 2; palidx = 0;
            palsize = field(28, 5) + (field(28, 5) != 0);
            wantrun = runs2; if (runs2) zleft = n + 1;
            consume(36); state = 1;
        end
    endtask
    task palette;
        begin : body
            n = palsize - palidx; if (n > 4) n = 4;
            if (n <= 0) begin state = 2; disable body; end
            b = palbits;
            if (count < n * b) begin short; disable body; end
            for (i = 0; i < n; i = i + 1) begin pal[palidx % 32] = field(i * b, b); palidx = palidx + 1; n_entry = n_entry + 1; end
            consume(n * b);
            if (palidx >= palsize) state = 2;
        end
    endtask
    task chunk;
        begin : body
            runs = zdiv < 5;
            if (valn + 12 > 32 || zeron + 12 > 32) disable body;
            bal = balance >= 32 ? balance - 64 : balance; unc = wdiv == 7;
            we = wleft > 0 && (!runs || bal < 8);
            ze = runs && bal >= 0 && zleft > 0;
            if (!we && !ze && pendwn == 0 && pendzn == 0) begin state = 0; disable body; end
            wb = wdiv;
            if (unc) begin
                if (palsize > 0) begin wb = 0; while (((palsize - 1) >> wb) != 0) wb = wb + 1; end
                else wb = palbits;
            end
            u0 = 0; off = 0;
            if (we && !unc) begin u0 = field(0, 12); off = 12; end
            ones = 0; for (i = 0; i < 12; i = i + 1) ones = ones + u0[i];
            zl = zdiv >= 3 ? 8 : 12; zb = ze ? zl : 0;
            need = off + zb + ones + pendwn * wb + (runs ? pendzn * zdiv : 0);
            if (count < need) begin short; disable body; end
            uz = field(off, zb); off = off + zb; u1 = field(off, ones); off = off + ones;
            bad = 0;
            for (i = 0; i < (pendwn < 12 ? pendwn : 12) && !bad; i = i + 1) begin
                idx = (pendw[i] << wb) + field(off, wb); off = off + wb;
                if (idx > 511) begin bad = 1; e_fault = 1; n_badidx = n_badidx + 1; end
                else begin
                    code = idx < palsize ? pal[idx % 32] : idx - palsize + dirofs;
                    v = code[8:1]; if (code[0]) v = -v;
                    val[(valhead + valn) % 32] = v; valn = valn + 1;
                end
            end
            if (!bad) for (i = 0; i < (pendzn < 12 ? pendzn : 12); i = i + 1) begin
                zero[(zerohd + zeron) % 32] = (pendz[i] << zdiv) + field(off, zdiv); zeron = zeron + 1;
                if (off % 256 + zdiv > 256 || off > 255) n_wrap = n_wrap + 1;
                off = off + zdiv;
            end
            if (bad || !run_in) disable body;
            n_chunk = n_chunk + 1;
            consume(need); pendwn = 0; pendzn = 0;
            if (ze) begin
                k = 0;
                for (j = 0; j < zl; j = j + 1)
                    if (uz[j]) carryz = carryz + 1;
                    else begin
                        if (zleft > 0) begin pendz[k] = carryz; k = k + 1; zleft = zleft - 1; end
                        carryz = 0;
                    end
                pendzn = k; bal = bal - k;
            end
            if (we) begin
                s = unc && wb > 5 ? 8 : 12; k = 0; tpos = 0;
                for (j = 0; j < s; j = j + 1) begin
                    tt = 0;
                    if (u0[j]) begin tt = u1[tpos]; tpos = tpos + 1; carryw = carryw + 1 + tt; end
                    if (!(tt == 1 && !wtrunc)) begin
                        if (wleft > 0) begin pendw[k] = carryw; k = k + 1; wleft = wleft - 1; end
                        carryw = 0;
                    end
                end
                pendwn = k; bal = bal + k;
            end
            balance = bal;
        end
    endtask
    task fillbeat;
        begin : body
            if (count > 192 || beats == 0 || stream_count == 0 || stream_count > 32) disable body;
            e_pop = 1; n_fill = n_fill + 1;
            i = count / 64; s = count % 64;
            for (j = 0; j < 64; j = j + 1) begin
                if (j >= s) bits[64 * i + j] = stream_data[j - s];
                if (s > 0 && i < 3) bits[64 * (i + 1) + j] = j < s ? stream_data[64 - s + j] : 1'b0;
            end
            count = count + 64; beats = beats - 1;
        end
    endtask
    task clock;
        begin
            e_pop = 0; e_fault = 0;
            if (release_block[0]) full[0] = 0; if (release_block[1]) full[1] = 0;
            case (ctl)
                0: if (op_valid[t_bank]) begin
                    if (!uses_weights) begin t_on = 0; t_bank = t_bank + 1; end
                    else begin t_on = 1; {oy, ox, oz, iz, ky, kx} = 0; {io, ou, tap} = 0; ctl = 2; end
                end
                2: begin
                    beats = weight_beats; {count, state, havepal, pendwn, pendzn, valn, zeron, zrun, wantrun, wleft, zleft} = 0; ctl = 3;
                end
                1: if (beats != 0) begin if (stream_count != 0) begin e_pop = 1; beats = beats - 1; end end
                   else ctl = t_on ? 2 : 0;
                3: begin
                    emit;
                    if (ctl == 3) begin
                        case (state) 0: header; 1: palette; 2: chunk; default: ; endcase
                        fillbeat;
                    end
                end
            endcase
        end
    endtask
    // ---- compare, and drive ----
    task compare;
        begin
            check({d.bits[3], d.bits[2], d.bits[1], d.bits[0]} === bits, "bits"); check(d.count === count, "count"); check(d.beats === beats, "beats");
            check(d.ctl === ctl, "ctl"); check(d.state === state, "state"); check(d.zdiv === zdiv, "zdiv"); check(d.wdiv === wdiv, "wdiv");
            check(d.wtrunc === wtrunc, "wtrunc"); check(d.havepal === havepal, "havepal"); check(d.dirofs === dirofs, "dirofs");
            check(d.palsize === palsize, "palsize"); check(d.palbits === palbits, "palbits"); check(d.palidx === palidx, "palidx");
            check(d.wleft === wleft, "wleft"); check(d.zleft === zleft, "zleft"); check(d.balance === balance, "balance");
            check(d.carryw === carryw, "carryw"); check(d.carryz === carryz, "carryz"); check(d.pendwn === pendwn, "pendwn"); check(d.pendzn === pendzn, "pendzn");
            check(d.valhead === valhead, "valhead"); check(d.valn === valn, "valn"); check(d.zerohd === zerohd, "zerohd"); check(d.zeron === zeron, "zeron");
            check(d.zrun === zrun, "zrun"); check(d.wantrun === wantrun, "wantrun"); check(d.sel === sel, "sel"); check(d.fill === fill, "fill");
            check(d.full[0] === full[0] && d.full[1] === full[1], "full");
            same = 1;
            for (i = 0; i < 32; i = i + 1) if (d.pal[i] !== pal[i] || d.val[i] !== val[i] || d.zero[i] !== zero[i]) same = 0;
            check(same, "pal, val, zero");
            for (i = 0; i < 12; i = i + 1) begin check(d.pendw[i] === pendw[i], "pendw"); check(d.pendz[i] === pendz[i], "pendz"); end
            same = 1;
            for (i = 0; i < 64 * DEPTH; i = i + 1) if (d.wbuf[i] !== wbuf[i]) same = 0;
            check(same, "wbuf");
            check({d.trav.oy, d.trav.ox, d.trav.oz, d.trav.iz, d.trav.ky, d.trav.kx} === {oy, ox, oz, iz, ky, kx}, "trav");
            check(d.trav.on === t_on && bank === t_bank, "on and bank"); check({d.inner.io, d.inner.ou, d.inner.tap} === {io, ou, tap}, "inner");
        end
    endtask
    task tick;   // inputs stand
        begin
            clock;
            #1 check(stream_pop === e_pop, "stream_pop"); check(fault === e_fault, "fault");
            clk = 1; #1 clk = 0; #1 compare;
        end
    endtask
    task load;   // the model's registers into the circuit
        begin
            {d.bits[3], d.bits[2], d.bits[1], d.bits[0]} = bits; d.count = count; d.beats = beats; d.ctl = ctl; d.state = state; d.zdiv = zdiv; d.wdiv = wdiv;
            d.wtrunc = wtrunc; d.havepal = havepal; d.dirofs = dirofs; d.palsize = palsize; d.palbits = palbits; d.palidx = palidx; d.wleft = wleft;
            d.zleft = zleft; d.balance = balance; d.carryw = carryw; d.carryz = carryz; d.pendwn = pendwn; d.pendzn = pendzn; d.valhead = valhead;
            d.valn = valn; d.zerohd = zerohd; d.zeron = zeron; d.zrun = zrun; d.wantrun = wantrun; d.sel = sel; d.fill = fill;
            d.full[0] = full[0]; d.full[1] = full[1];
            for (i = 0; i < 32; i = i + 1) begin d.pal[i] = pal[i]; d.val[i] = val[i]; d.zero[i] = zero[i]; end
            for (i = 0; i < 12; i = i + 1) begin d.pendw[i] = pendw[i]; d.pendz[i] = pendz[i]; end
            for (i = 0; i < 64 * DEPTH; i = i + 1) d.wbuf[i] = wbuf[i];
            {d.trav.oy, d.trav.ox, d.trav.oz, d.trav.iz, d.trav.ky, d.trav.kx} = {oy, ox, oz, iz, ky, kx}; d.trav.on = t_on; d.trav.bank = t_bank;
            {d.inner.io, d.inner.ou, d.inner.tap} = {io, ou, tap};
        end
    endtask
    task settings;
        begin
            uses_weights = rnd(8) != 0; weight_beats = rnd(2) ? rnd(4) : r32(0); kind = rnd(3) ? rnd(2) : rnd(8); part_kernel = rnd(2); taps = rnd(2) ? 2 : 4;
            blk_w = 1 + rnd(64); blk_h = 1 + rnd(32); blk_d = 1 + rnd(128); ofm_w = 1 + rnd(2 * blk_w); ofm_h = 1 + rnd(2 * blk_h); ofm_d = 1 + rnd(3 * blk_d);
            ifm_blk_d = 8 * (1 + rnd(4)); ifm_d = 1 + rnd(2 * ifm_blk_d); depth_many = rnd(2); sub_w = rnd(2) ? 4 : 8; sub_h = rnd(2) ? 4 : 8;
            kernel_w = 1 + rnd(12); kernel_h = 1 + rnd(12);
        end
    endtask
    task inputs;
        begin
            op_valid = r32(0); run_in = rnd(8) != 0; release_block = rnd(3) ? 0 : rnd(4); stream_count = rnd(4) == 0 ? 0 : rnd(4) ? 1 + rnd(32) : rnd(64);
            stream_data = {r32(0), r32(0)};
        end
    endtask
    task random_state;
        integer wild, q;
        begin
            wild = rnd(3) == 0;   // any value of any register
            for (q = 0; q < 8; q = q + 1) bits[32 * q +: 32] = r32(0);
            if (rnd(3) == 0) for (q = 0; q < 8; q = q + 1) bits[32 * q +: 32] = bits[32 * q +: 32] & r32(0);
            if (rnd(4) == 0) bits[2:0] = 7; if (rnd(4) == 0) bits[2:0] = 3;
            count = wild ? r32(0) : rnd(4) ? 128 + rnd(129) : rnd(64); beats = rnd(2) ? rnd(3) : r32(0); ctl = rnd(8) ? 3 : rnd(4);
            state = rnd(2) ? 2 : rnd(4); zdiv = wild ? r32(0) : rnd(3) ? rnd(5) : 6; wdiv = wild ? r32(0) : rnd(4) ? rnd(6) : 7; wtrunc = r32(0);
            havepal = rnd(4) != 0; dirofs = r32(0); palsize = wild ? r32(0) : rnd(33); palidx = wild ? r32(0) : rnd(palsize + 1);
            palbits = wild ? r32(0) : 2 + rnd(8); wleft = rnd(3) ? r32(0) : rnd(14); zleft = rnd(3) ? r32(0) : rnd(14);
            balance = rnd(2) ? r32(0) : rnd(9); carryw = rnd(2) ? r32(0) : 0; carryz = rnd(2) ? r32(0) : 0;
            pendwn = wild ? r32(0) : rnd(13); pendzn = wild ? r32(0) : rnd(13); valhead = r32(0); zerohd = r32(0);
            valn = wild ? r32(0) : rnd(3) ? rnd(10) : rnd(33); zeron = wild ? r32(0) : rnd(3) ? rnd(10) : rnd(33);
            if (rnd(6) == 0) begin valn = 0; zeron = 0; end
            if (rnd(6) == 0) begin count = rnd(40); beats = 0; if (rnd(2)) begin state = 0; valn = 0; zeron = 0; end end
            zrun = rnd(3) == 0 ? rnd(12) : rnd(2) ? 0 : r32(0); wantrun = r32(0);
            for (q = 0; q < 32; q = q + 1) begin pal[q] = r32(0); val[q] = r32(0); zero[q] = rnd(3) ? rnd(4) : rnd(2) ? rnd(10) : r32(0); end
            for (q = 0; q < 12; q = q + 1) begin pendw[q] = wild ? r32(0) : rnd(3); pendz[q] = r32(0); end
            for (q = 0; q < 64 * DEPTH; q = q + 1) wbuf[q] = r32(0);
            if (rnd(12) == 0) begin valn = 0; zeron = 0; zrun = 0; count = rnd(30); beats = 0; if (rnd(2)) fill = 8 * rnd(33); end   // nothing left
            full[0] = rnd(3) == 0; full[1] = rnd(3) == 0; sel = r32(0);
            fill = wild ? r32(0) : rnd(3) ? rnd(kind == 1 ? 4 * DEPTH : taps * 8 * DEPTH) : taps * 8 * DEPTH - 1 - rnd(9);
            t_bank = r32(0); t_on = r32(0); oy = rnd(2) ? 0 : blk_h; ox = rnd(2) ? 0 : blk_w; oz = rnd(2) * blk_d; iz = rnd(2) * ifm_blk_d;
            ky = rnd(2) * sub_h; kx = rnd(2) * sub_w; io = 8 * rnd(4); ou = DEPTH * rnd(16); tap = rnd(64);
            if (rnd(16) == 0) begin   // remainders that pass the end of the buffer
                count = 180 + rnd(300); ctl = 3; state = 2; zdiv = 7; wdiv = 7; palsize = 0; palbits = 15; pendwn = 12 + rnd(2); pendzn = 12 + rnd(4);
                valn = rnd(20); zeron = rnd(20); fill = 0; kind = 0; full[0] = 0; full[1] = 0;
                for (q = 0; q < 12; q = q + 1) bits[15 * q + 9 +: 6] = 0;   // indices below 512
                for (q = 0; q < 12; q = q + 1) pendw[q] = 0;
            end
            if (wild && rnd(4) == 0) begin {oy, ox, oz} = {r32(0), r32(0)}; {iz, ky, kx} = {r32(0), r32(0)}; {io, ou, tap} = r32(0); end
        end
    endtask
    // ---- whole streams: the two examples of the format's description ----
    reg [7:0] bytes [0:63]; integer position, cycles, got;
    task stream(input [127:0] hex, input integer nonzero);   // 64 weights, all 0 or all 1
        integer q;
        begin
            // hex: first byte of the stream highest
            for (q = 0; q < 16; q = q + 1) bytes[q] = hex[8 * (15 - q) +: 8];
            settings; random_state; load;   // data registers hold anything before the first clock, but not X
            rst = 1; #1 clk = 1; #1 clk = 0; #1 rst = 0;
            // depthwise, 2 x 2 taps: a weight block of 4·DEPTH weights; 16 output channels: 64 weights
            kind = 1; part_kernel = 0; taps = 4; uses_weights = 1; weight_beats = 2; op_valid = 4'b0001; run_in = 1; release_block = 0;
            blk_w = 1; blk_h = 1; ofm_w = 1; ofm_h = 1; blk_d = 128; ofm_d = 16; ifm_d = 1; ifm_blk_d = 8; depth_many = 0;
            kernel_w = 2; kernel_h = 2; sub_w = 8; sub_h = 8;
            position = 0; cycles = 0; got = 0;
            while (cycles < 400 && !(d.ctl == 0 && cycles > 4)) begin
                stream_count = 2 - position;
                for (q = 0; q < 8; q = q + 1) stream_data[8 * q +: 8] = position < 2 ? bytes[8 * position + q] : 0;
                #1;
                if (stream_pop) position = position + 1;
                check(fault === 0, "no fault");
                clk = 1; #1 clk = 0; #1;
                release_block = 0;
                for (k = 0; k < 2; k = k + 1) if (d.full[k]) begin
                    for (q = 0; q < 4 * DEPTH; q = q + 1) begin check(d.wbuf[32 * DEPTH * k + q] === nonzero, "decoded"); got = got + 1; end
                    release_block[k] = 1;
                end
                if (d.trav.bank == 1) op_valid = 0;
                cycles = cycles + 1;
            end
            check(got == 64, "64 weights"); check(position == 2, "two beats"); check(d.ctl == 0 && d.trav.bank == 1 && d.trav.on == 0, "operation left");
        end
    endtask

    integer trial, trials, c;
    initial begin
        if (!$value$plusargs("trials=%d", trials)) trials = 500;
        if (!$value$plusargs("seed=%d", seed)) seed = 1;
        stream(128'h030040001000fe00f0ffffffffffffff, 0);
        stream(128'hfe01401120000000000000000000ffff, 1);
        // reset clears control registers and counters
        settings; random_state; load; rst = 1; #1 clk = 1; #1 clk = 0; #1 rst = 0;
        check({d.count, d.beats, d.ctl, d.state, d.zdiv, d.wdiv, d.wtrunc, d.havepal, d.dirofs, d.palsize, d.palbits, d.palidx, d.wleft, d.zleft, d.balance} === 0, "reset");
        check({d.pendwn, d.pendzn, d.valhead, d.valn, d.zerohd, d.zeron, d.zrun, d.wantrun, d.full[0], d.full[1], d.sel, d.fill} === 0, "reset");
        check({bank, d.trav.on, d.trav.oy, d.trav.ox, d.trav.oz, d.trav.iz, d.trav.ky, d.trav.kx, d.inner.io, d.inner.ou, d.inner.tap} === 0, "reset of counters");
        for (trial = 0; trial < trials; trial = trial + 1) begin
            settings; random_state; load;
            for (c = 0; c < 6; c = c + 1) begin inputs; tick; end
            if (errors > 30) trial = trials;
        end
        $display("chunks %0d bad indices %0d blocks %0d passes %0d and %0d slices %0d entries %0d short %0d beats %0d weights %0d runs %0d wrapped %0d",
            n_chunk, n_badidx, n_block, n_pass, n_move, n_slice, n_entry, n_short, n_fill, n_emit, n_pops, n_wrap);
        check(n_chunk > trials / 10 && n_badidx > 0 && n_block > 0 && n_pass > 0 && n_move > 0 && n_slice > 0 && n_entry > 0 && n_short > 0 && n_wrap > 0, "coverage");
        if (errors == 0) $display("PASS %0d checks", checks); else $display("FAIL %0d of %0d", errors, checks);
        $finish;
    end
endmodule
