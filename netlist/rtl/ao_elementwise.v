// ao_elementwise: value, scale and shift of an elementwise operation.
// Page: docs/blocks/output-stage-lanes.md, section 6.2.
module ao_elementwise (
    input  wire [5:0]  mode,        // 0 MUL, 1 ADD, 2 SUB, 3 MIN, 4 MAX, 5 LRELU, 6 ABS, 7 CLZ, 8 SHR, others SHL
    input  wire        four_bytes,
    input  wire [40:0] a,           // signed
    input  wire [40:0] b,           // signed
    input  wire [63:0] joined,      // register opd of the lane
    input  wire [63:0] shifted,     // a moved to the left by b[4:0]
    input  wire [31:0] ofm_scale,
    input  wire [5:0]  ofm_shift,
    output reg  [63:0] value,
    output reg  [31:0] factor,
    output reg  [5:0]  places
);
    wire [31:0] scale = four_bytes ? 32'd1 : ofm_scale;
    wire [63:0] a64   = {{23{a[40]}}, a};
    wire [63:0] b64   = {{23{b[40]}}, b};
    wire        less  = $signed(a) < $signed(b);

    // zeros in front of the highest one of a[31:0]: five halvings
    wire [31:0] w32  = a[31:0];
    wire        z16  = ~|w32[31:16];
    wire [15:0] w16  = z16 ? w32[15:0] : w32[31:16];
    wire        z8   = ~|w16[15:8];
    wire [7:0]  w8   = z8 ? w16[7:0] : w16[15:8];
    wire        z4   = ~|w8[7:4];
    wire [3:0]  w4   = z4 ? w8[3:0] : w8[7:4];
    wire        z2   = ~|w4[3:2];
    wire        z1   = z2 ? ~w4[1] : ~w4[3];
    wire        unused_w4 = w4[0];
    wire [5:0]  lead = ~|w32 ? 6'd32 : {1'b0, z16, z8, z4, z2, z1};

    always @* begin
        value  = a64;
        factor = 32'd1;
        places = 6'd0;
        case (mode)
            6'd0: begin
                factor = scale;
                places = ofm_shift;
            end
            6'd1, 6'd2: begin
                value  = ~four_bytes ? joined : mode[0] ? a64 + b64 : a64 - b64;
                factor = four_bytes ? 32'd1 : ofm_scale;
                places = ofm_shift;
            end
            6'd3: value = less ? a64 : b64;
            6'd4: value = less ? b64 : a64;
            6'd5: begin
                factor = a[40] ? scale : 32'd1;
                places = a[40] ? ofm_shift : 6'd0;
            end
            6'd6: begin
                value  = a[40] ? -a64 : a64;
                factor = scale;
                places = ofm_shift;
            end
            6'd7: value = {58'd0, lead};
            6'd8: places = {1'b0, b[4:0]};
            default: value = shifted;
        endcase
    end
endmodule
